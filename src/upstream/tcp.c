/* upstream/tcp.c - queries over plain TCP, where the configuration writes it out.
 *
 * Called by: channel.c. Owns: the stream. What one turn has gathered leaves in one send.
 */
#include "io/loop.h"
#include "io/stream.h"
#include "upstream/channel.h"
#include "upstream/dial.h"
#include "upstream/framing.h"
#include "upstream/roster.h"
#include "upstream/set.h"

#define KEEP 65536 /* bytes of an emptied buffer */

struct tcp_channel {
    struct channel base;
    struct dial dial;
    struct stream *stream; /* NULL while it is dialled */
    struct framing framing;
    struct turn_end flush;
};

static void flush(void *arg)
{
    struct tcp_channel *t = arg;
    size_t sent = 0;
    err_t err = OK;

    if (t->framing.out.len > 0)
        err = stream_send(t->stream, buffer_slice(&t->framing.out), &sent);
    if (err != OK)
        channel_failed(&t->base, err, err_text(err));
    else
        buffer_consume(&t->framing.out, sent, KEEP);
}

static void received(void *arg, struct slice bytes)
{
    struct tcp_channel *t = arg;
    err_t err = bytes.len == 0 ? ERR_CLOSED : framing_take(&t->framing, bytes, &t->base);

    if (err != OK)
        channel_failed(&t->base, err, err_text(err));
}

static void failed(void *arg, err_t err)
{
    channel_failed(arg, err, err_text(err));
}

static void connected(void *arg, struct stream *stream, const union addr *addr)
{
    static const struct stream_handler handler = { .received = received,
                                                   .writable = flush,
                                                   .failed = failed };
    struct tcp_channel *t = arg;

    stream_handle(stream, &handler, t);
    t->stream = stream;
    t->base.peer = *addr;
    channel_ready(&t->base);
}

static err_t open_tcp(struct channel *c)
{
    static const struct dial_handler handler = { .connected = connected, .failed = failed };
    struct tcp_channel *t = (struct tcp_channel *)c;
    struct server *server = c->upstream->server;

    return dial_begin(&t->dial, c->upstream->set->context->loop, &server->book, server->patience_ms,
                      &handler, t);
}

static err_t send_tcp(struct channel *c, struct slice query)
{
    struct tcp_channel *t = (struct tcp_channel *)c;

    TRY(framing_append(&t->framing, query, 0));
    loop_at_turn_end(c->upstream->set->context->loop, &t->flush, flush, t);
    return OK;
}

static void close_tcp(struct channel *c)
{
    struct tcp_channel *t = (struct tcp_channel *)c;

    turn_end_cancel(&t->flush);
    dial_end(&t->dial);
    stream_close(&t->stream);
    framing_done(&t->framing);
}

static bool state_of_tcp(const struct channel *c, struct stream_state *ret_state)
{
    const struct stream *s = ((const struct tcp_channel *)c)->stream;

    return s && stream_state(s, ret_state);
}

static void local_of_tcp(const struct channel *c, union addr *ret_local)
{
    const struct stream *s = ((const struct tcp_channel *)c)->stream;

    *ret_local = (union addr){ 0 };
    if (s)
        stream_local(s, ret_local);
}

const struct transport_ops transport_tcp = {
    .name = "tcp",
    .size = sizeof(struct tcp_channel),
    .max_in_flight = 1024,
    .open = open_tcp,
    .send = send_tcp,
    .close = close_tcp,
    .state = state_of_tcp,
    .local = local_of_tcp,
};
