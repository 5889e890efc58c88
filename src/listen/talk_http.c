/* listen/talk_http.c - queries in HTTP requests (RFC 8484).
 *
 * Called by: session.c, door.c. Owns: the HTTP connection, and the exchanges of its requests.
 */
#include "base/clock.h"
#include "codec/doh.h"
#include "codec/forwarded.h"
#include "codec/tls.h"
#include "dns/message.h"
#include "listen/entrance.h"
#include "listen/exchange.h"
#include "listen/listen.h"
#include "listen/session.h"
#include "listen/talk.h"
#include "metrics/metrics.h"
#include "query/query.h"

static const uint8_t preface[] = { 'P', 'R', 'I' }; /* as no request of HTTP/1.1 begins */

static void answer(struct session *s, uint32_t stream, struct http_response *response)
{
    response->date = http_date_text(&s->set->date, clock_wall_ns() / NS_PER_S);
    http_respond(s->http, stream, response);
    session_settle_soon(s);
}

static void refuse(struct session *s, uint32_t stream, unsigned status)
{
    struct http_response response = doh_refusal(status);

    metrics_count(session_context(s)->metrics, METRIC_http_refusals);
    answer(s, stream, &response);
}

static void ask(struct session *s, uint32_t stream, const union addr *client, struct slice message)
{
    struct exchange *e = pool_take(&s->set->exchanges);
    struct arrival arrival = { .message = message, .client = client };

    if (!e) {
        refuse(s, stream, 503);
        return;
    }
    *e = (struct exchange){ .session = s, .stream = stream };
    list_append(&s->exchanges, &e->link);
    arrival.handle = pool_handle(e);
    session_ask(s, &arrival);
}

static void requested(void *arg, const struct http_request *request)
{
    struct session *s = arg;
    const struct entrance *entrance = s->set->listener->entrance;
    const char *path = entrance->config->url.path;
    uint8_t room[DNS_MESSAGE_MAX];
    struct slice message;
    union addr client;
    unsigned status;

    if (s->doomed)
        return;
    status = doh_read(request, path ? path : LISTEN_PATH_DEFAULT, room, sizeof room, &message);
    if (status == 200 &&
        forwarded_client(request, &entrance->forwarded_from, &s->client, &client) != OK)
        status = 400;
    if (status == 200)
        ask(s, request->stream, &client, message);
    else
        refuse(s, request->stream, status);
}

static void forget(struct exchange *e)
{
    list_remove(&e->link);
    pool_give(&e->session->set->exchanges, e);
}

static void cancelled(void *arg, uint32_t stream)
{
    struct session *s = arg;

    list_for_each (node, &s->exchanges) {
        struct exchange *e = LIST_OF(node, struct exchange, link);

        if (e->stream != stream)
            continue;
        forget(e);
        session_answered(s);
        return;
    }
}

static err_t open_kind(struct session *s, const struct http_ops *kind)
{
    static const struct http_handler handler = { .requested = requested, .cancelled = cancelled };

    return http_open(&s->http, kind, &handler, s);
}

/* Over TLS the client has said which kind it speaks; else its first bytes do (RFC 9113
 * section 3.3).
 */
static err_t begin(struct session *s)
{
    struct slice alpn;

    s->http = NULL;
    s->preface_len = 0;
    list_init(&s->exchanges);
    if (!s->wire.tls)
        return OK;
    alpn = tls_alpn(s->wire.tls);
    return open_kind(s, slice_equal(alpn, slice_of("h2", 2)) ? &http2 : &http1);
}

static void count_abuse(struct session *s)
{
    static const enum metric metrics[HTTP_ABUSE_COUNT] = {
#define ABUSE(name, code, text) [HTTP_ABUSE_##name] = METRIC_http_abuse_##name,
#include "codec/http_abuse.def"
#undef ABUSE
    };

    if (http_abuse(s->http) != HTTP_ABUSE_NONE)
        metrics_count(session_context(s)->metrics, metrics[http_abuse(s->http)]);
}

/* The first bytes may come one by one: those that are the preface's too tell nothing yet, and need
 * only be counted. */
static bool is_known(struct session *s, struct slice bytes, const struct http_ops **ret_kind)
{
    size_t left = sizeof preface - s->preface_len;
    size_t compared = bytes.len < left ? bytes.len : left;
    bool is_preface = memcmp(bytes.data, preface + s->preface_len, compared) == 0;

    if (is_preface && compared < left) {
        s->preface_len += (uint8_t)compared;
        return false;
    }
    *ret_kind = is_preface ? &http2 : &http1;
    return true;
}

static void received(struct session *s, struct slice bytes)
{
    const struct http_ops *kind;

    if (!s->http) {
        if (!is_known(s, bytes, &kind))
            return;
        if (open_kind(s, kind) != OK) {
            session_doom(s, METRIC_connections_starved);
            return;
        }
        http_feed(s->http, slice_of(preface, s->preface_len));
    }
    http_feed(s->http, bytes);
}

static struct session *find(const struct session_set *set, uint64_t handle)
{
    const struct exchange *e = pool_find(&set->exchanges, handle);

    return e ? e->session : NULL;
}

/* A query without a response, because there was no memory for it, still is a request. */
static void reply(struct session_set *set, const struct query *query)
{
    struct exchange *e = pool_find(&set->exchanges, query->handle);
    struct metrics *metrics = set->listener->context->metrics;
    struct http_response response;
    struct session *s;
    uint32_t stream;

    if (!e) {
        metrics_count(metrics, METRIC_responses_gone);
        return;
    }
    s = e->session;
    stream = e->stream;
    forget(e);
    session_answered(s);
    if (s->doomed)
        return;
    if (query->response.len == 0) {
        refuse(s, stream, query->message.len > 0 ? 400 : 503);
        return;
    }
    metrics_count(metrics, set->listener->ops->responses);
    response = doh_response(query->response);
    answer(s, stream, &response);
}

static err_t write_out(struct session *s, size_t max)
{
    return s->http ? http_write(s->http, &s->wire.out, max) : OK;
}

static void shut(struct session *s)
{
    if (s->http)
        http_shut(s->http);
}

static uint32_t partial(const struct session *s)
{
    return s->http ? http_partial(s->http) : s->preface_len > 0;
}

static bool is_full(const struct session *s)
{
    return s->http && !http_wants_input(s->http);
}

static bool is_over(const struct session *s)
{
    return s->http && http_is_over(s->http);
}

static size_t unsaid(const struct session *s)
{
    return s->http ? http_unsaid(s->http) : 0;
}

static size_t held(const struct session *s)
{
    return s->http ? http_held(s->http) : 0;
}

static void end(struct session *s)
{
    for (struct list *node = list_first(&s->exchanges); node; node = list_first(&s->exchanges))
        forget(LIST_OF(node, struct exchange, link));
    if (s->http)
        count_abuse(s);
    http_free(&s->http);
}

const struct talk talk_http = {
    .begin = begin,
    .received = received,
    .find = find,
    .reply = reply,
    .write = write_out,
    .shut = shut,
    .partial = partial,
    .is_full = is_full,
    .is_over = is_over,
    .unsaid = unsaid,
    .held = held,
    .end = end,
};
