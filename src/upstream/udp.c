/* upstream/udp.c - queries in datagrams, where the configuration writes it out.
 *
 * Called by: channel.c. Owns: the socket. Ids and source ports are all that protects a datagram
 * from forged answers (RFC 5452): a socket is left after few questions, its successor has another
 * port.
 */
#include "io/dgram.h"
#include "io/loop.h"
#include "upstream/channel.h"
#include "upstream/roster.h"
#include "upstream/set.h"

struct udp_channel {
    struct channel base;
    struct dgram *dgram;
    struct turn_end start;
};

static void received(void *arg, const struct datagram *d)
{
    channel_received(arg, d->bytes);
}

static void failed(void *arg, err_t err)
{
    channel_failed(arg, err, err_text(err));
}

static void start(void *arg)
{
    channel_ready(arg);
}

/* The first address that has a route. */
static err_t open_socket(struct udp_channel *u)
{
    static const struct dgram_handler handler = { .received = received, .failed = failed };
    static const struct dgram_settings settings = { .receive_size = 4096,
                                                    .send_size = DNS_QUERY_MAX };
    struct loop *loop = u->base.upstream->set->context->loop;
    struct book *book = &u->base.upstream->server->book;
    union addr addrs[BOOK_MAX];
    size_t count = book_read(book, loop_now_ns(loop), addrs);
    err_t err = ERR_AGAIN;

    for (size_t i = 0; i < count; i++) {
        u->base.peer = addrs[i];
        err = dgram_connect(&u->dgram, loop, &addrs[i], &settings, &handler, u);
        if (err == OK)
            return OK;
        book_avoid(book, &addrs[i], loop_now_ns(loop));
    }
    return err;
}

static err_t open_udp(struct channel *c)
{
    struct udp_channel *u = (struct udp_channel *)c;

    TRY(open_socket(u));
    loop_at_turn_end(c->upstream->set->context->loop, &u->start, start, u);
    return OK;
}

static err_t send_udp(struct channel *c, struct slice query)
{
    dgram_send(((struct udp_channel *)c)->dgram, query, NULL, NULL);
    return OK;
}

static void close_udp(struct channel *c)
{
    struct udp_channel *u = (struct udp_channel *)c;

    turn_end_cancel(&u->start);
    dgram_close(&u->dgram);
}

const struct transport_ops transport_udp = {
    .name = "udp",
    .size = sizeof(struct udp_channel),
    .max_in_flight = 32,
    .max_queries = 32,
    .max_channels = 128,
    .fallback = "tcp",
    .open = open_udp,
    .send = send_udp,
    .close = close_udp,
};
