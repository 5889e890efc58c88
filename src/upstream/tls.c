/* upstream/tls.c - queries over TLS (DoT, RFC 7858, RFC 8310).
 *
 * Called by: channel.c. Owns: the stream and the TLS session. All queries of one turn are sealed
 * together and leave in one send. There is no way from here to an unencrypted connection.
 */
#include "codec/tls.h"
#include "base/clock.h"
#include "io/loop.h"
#include "io/stream.h"
#include "metrics/metrics.h"
#include "upstream/channel.h"
#include "upstream/dial.h"
#include "upstream/framing.h"
#include "upstream/roster.h"
#include "upstream/server_stats.h"
#include "upstream/set.h"

#define KEEP     65536 /* bytes of an emptied buffer */
#define SEAL_MAX 65536 /* bytes at once: four whole records */

struct tls_channel {
    struct channel base;
    struct dial dial;
    struct stream *stream; /* NULL while it is dialled */
    struct tls *tls;
    struct framing framing;
    struct turn_end flush;
};

/* What the session has ready for the server. */
static err_t send_output(struct tls_channel *t)
{
    struct slice output = tls_output(t->tls);
    size_t sent = 0;

    if (output.len == 0)
        return OK;
    TRY(stream_send(t->stream, output, &sent));
    tls_output_sent(t->tls, sent);
    return OK;
}

/* What was gathered, in as few records as it takes. While the server is slow it waits here. */
static err_t seal(struct tls_channel *t)
{
    struct buffer *out = &t->framing.out;
    err_t err = OK;

    while (out->len > 0 && t->base.is_ready && err == OK) {
        size_t len = out->len < SEAL_MAX ? out->len : SEAL_MAX;

        err = tls_send(t->tls, slice_of(buffer_slice(out).data, len));
        if (err == OK)
            buffer_consume(out, len, KEEP);
    }
    return err == ERR_BUSY ? OK : err;
}

static err_t seal_and_send(struct tls_channel *t)
{
    TRY(seal(t));
    return send_output(t);
}

static void flush(void *arg)
{
    struct tls_channel *t = arg;
    err_t err = seal_and_send(t);

    if (err != OK)
        channel_failed(&t->base, err, err_text(err));
}

static void keep_tickets(struct tls_channel *t)
{
    struct slice ticket;

    while ((ticket = tls_ticket(t->tls)).len > 0)
        tickets_put(&t->base.upstream->server->tickets, ticket, clock_boot_ns());
}

/* Once it is connected: who never gets that far uses up no ticket. */
static void use_ticket(struct tls_channel *t)
{
    struct ticket *ticket = tickets_take(&t->base.upstream->server->tickets, clock_boot_ns());

    if (!ticket)
        return;
    tls_resume(t->tls, slice_of(ticket->bytes, ticket->len));
    ticket_free(&ticket);
}

/* Tells why the session failed. A server that stumbles over one ticket is not offered the others.
 */
static void session_failed(struct tls_channel *t)
{
    if (!t->base.is_ready)
        tickets_clear(&t->base.upstream->server->tickets);
    send_output(t); /* the alert that tells the server why */
    channel_failed(&t->base, ERR_TLS, tls_failure(t->tls));
}

static void become_ready(struct tls_channel *t)
{
    struct upstream *u = t->base.upstream;

    if (tls_was_resumed(t->tls)) {
        metrics_count(u->set->context->metrics, METRIC_upstream_connections_resumed);
        server_counts(u->stats, SERVER_resumed);
    }
    channel_ready(&t->base);
}

/* Handles what has been fed; whether the channel lives on. */
static bool take_events(struct tls_channel *t)
{
    for (;;) {
        struct slice plaintext;

        switch (tls_step(t->tls, &plaintext)) {
        case TLS_WANTS_INPUT:
            return true;
        case TLS_READY:
            become_ready(t);
            break;
        case TLS_DATA:
            if (framing_take(&t->framing, plaintext, &t->base) == OK)
                break;
            channel_failed(&t->base, ERR_NOMEM, err_text(ERR_NOMEM));
            return false;
        case TLS_CLOSED:
            channel_failed(&t->base, ERR_CLOSED, err_text(ERR_CLOSED));
            return false;
        case TLS_FAILED:
            session_failed(t);
            return false;
        }
    }
}

static void received(void *arg, struct slice bytes)
{
    struct tls_channel *t = arg;

    if (bytes.len == 0) {
        channel_failed(&t->base, ERR_CLOSED, err_text(ERR_CLOSED));
        return;
    }
    tls_feed(t->tls, bytes);
    if (!take_events(t))
        return;
    keep_tickets(t);
    loop_at_turn_end(t->base.upstream->set->context->loop, &t->flush, flush, t);
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
    struct tls_channel *t = arg;

    stream_handle(stream, &handler, t);
    t->stream = stream;
    t->base.peer = *addr;
    channel_connected(&t->base);
    use_ticket(t);
    if (take_events(t)) /* the first step makes the greeting */
        flush(t);
}

static err_t open_tls(struct channel *c)
{
    static const struct dial_handler handler = { .connected = connected, .failed = failed };
    struct tls_channel *t = (struct tls_channel *)c;
    struct upstream *u = c->upstream;
    err_t err;

    TRY(tls_open_client(&t->tls, u->server->tls, &u->server->peer));
    err = dial_begin(&t->dial, u->set->context->loop, &u->server->book, u->server->patience_ms,
                     &handler, t);
    if (err != OK)
        tls_free(&t->tls);
    return err;
}

static err_t send_tls(struct channel *c, struct slice query)
{
    struct tls_channel *t = (struct tls_channel *)c;

    TRY(framing_append(&t->framing, query, DNS_QUERY_PAD));
    loop_at_turn_end(c->upstream->set->context->loop, &t->flush, flush, t);
    return OK;
}

/* A failure comes up again when the turn ends. */
static void seal_tls(struct channel *c)
{
    seal((struct tls_channel *)c);
}

static void close_tls(struct channel *c)
{
    struct tls_channel *t = (struct tls_channel *)c;

    turn_end_cancel(&t->flush);
    if (c->is_ready) {
        keep_tickets(t);
        tls_shutdown(t->tls);
        send_output(t); /* a goodbye that is lost does no harm */
    }
    tls_free(&t->tls);
    dial_end(&t->dial);
    stream_close(&t->stream);
    framing_done(&t->framing);
}

static bool state_of_tls(const struct channel *c, struct stream_state *ret_state)
{
    const struct stream *s = ((const struct tls_channel *)c)->stream;

    return s && stream_state(s, ret_state);
}

static void local_of_tls(const struct channel *c, union addr *ret_local)
{
    const struct stream *s = ((const struct tls_channel *)c)->stream;

    *ret_local = (union addr){ 0 };
    if (s)
        stream_local(s, ret_local);
}

const struct transport_ops transport_tls = {
    .name = "tls",
    .encrypted = true,
    .size = sizeof(struct tls_channel),
    .max_in_flight = 1024,
    .open = open_tls,
    .send = send_tls,
    .seal = seal_tls,
    .close = close_tls,
    .state = state_of_tls,
    .local = local_of_tls,
};
