/* listen/udp.c - queries in datagrams, received and answered in batches.
 *
 * Called by: listen.c's table. Owns: the socket.
 */
#include "codec/proxy2.h"
#include "io/dgram.h"
#include "listen/entrance.h"
#include "listen/listen.h"
#include "log/log.h"
#include "metrics/metrics.h"
#include "query/query.h"

#define QUERY_SIZE_MAX    4096 /* what is longer is no question: it takes a tenth of that */
#define RESPONSE_SIZE_MAX 4096 /* the most that udp_size may become by a reload */

struct udp_listener {
    struct listener base;
    struct dgram *dgram;
};

/* A balancer's datagram: the query behind its header, from the client that this names. */
static bool read_intro(struct arrival *arrival, struct proxy2 *ret_header)
{
    if (proxy2_read(arrival->message, ret_header) != OK)
        return false;
    arrival->message = slice_after(arrival->message, ret_header->len);
    arrival->peer = arrival->client;
    if (ret_header->has_client)
        arrival->client = &ret_header->client;
    return true;
}

static void received(void *arg, const struct datagram *d)
{
    struct udp_listener *u = arg;
    struct listen_context *context = u->base.context;
    const struct prefixes *proxies = &u->base.entrance->proxy_from;
    struct arrival arrival = { .message = d->bytes, .client = d->peer, .local = d->local };
    struct proxy2 header;

    if (prefixes_cover(proxies, d->peer) && !read_intro(&arrival, &header)) {
        metrics_count(context->metrics, METRIC_queries_dropped_unintroduced);
        return;
    }
    metrics_count(context->metrics, METRIC_queries_udp);
    context->on_query(context->arg, &u->base, &arrival);
}

static void failed(void *arg, err_t err)
{
    const struct udp_listener *u = arg;
    char text[ADDR_TEXT_MAX];

    log_event(EVENT_listener_failed, "listener=udp://%s reason=\"%s\"",
              addr_format(&u->base.addr, text), err_text(err));
}

static err_t open_udp(struct listener *l, int fd)
{
    static const struct dgram_handler handler = { .received = received, .failed = failed };
    struct udp_listener *u = (struct udp_listener *)l;
    const struct dgram_settings settings = {
        .receive_size = QUERY_SIZE_MAX,
        .send_size = RESPONSE_SIZE_MAX,
        .tells_local = addr_is_wildcard(&l->addr),
    };

    return dgram_open(&u->dgram, l->context->loop, fd, &settings, &handler, u);
}

static void reply(struct listener *l, const struct query *query)
{
    struct udp_listener *u = (struct udp_listener *)l;

    if (query->response.len == 0)
        return;
    metrics_count(l->context->metrics, METRIC_responses_udp);
    dgram_send(u->dgram, query->response, &query->peer, query->has_local ? &query->local : NULL);
}

static void drain(struct listener *l)
{
    dgram_drain(((struct udp_listener *)l)->dgram);
}

/* Nothing is held back beyond a turn. */
static bool is_drained(const struct listener *l)
{
    (void)l;
    return true;
}

static void close_udp(struct listener *l)
{
    dgram_close(&((struct udp_listener *)l)->dgram);
}

const struct listener_ops listener_udp = {
    .name = "udp",
    .queries = METRIC_queries_udp,
    .responses = METRIC_responses_udp,
    .size = sizeof(struct udp_listener),
    .open = open_udp,
    .reply = reply,
    .drain = drain,
    .is_drained = is_drained,
    .close = close_udp,
};
