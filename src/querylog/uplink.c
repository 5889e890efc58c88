/* querylog/uplink.c - a connection to a collector, which may come and go.
 *
 * Called by: delivery.c. Owns: the stream and the TLS session. Where the target says tls:// there
 * is no way to an unencrypted connection.
 */
#include "querylog/uplink.h"

#include "base/clock.h"
#include "codec/tls_context.h"
#include "io/loop.h"
#include "io/socket.h"
#include "io/stream.h"

#include <errno.h>
#include <string.h>

#define PAUSE_MIN_NS (100 * NS_PER_MS)
#define PAUSE_MAX_NS (5 * NS_PER_S)
#define CONNECT_NS   (10 * NS_PER_S) /* until it must be up */
#define PATIENCE_MS  10000           /* until what was sent must be acknowledged */
#define OUT_MAX      (2 * UPLINK_CHUNK)
#define KEEP         UPLINK_CHUNK

static void try_again(void *arg);

void uplink_init(struct uplink *u, const struct target *target, struct tls_context *tls_context)
{
    u->target = target;
    u->tls_context = tls_context;
    u->peer.name = target->url.name ? target->url.name : target->url.host;
    u->pause_ns = PAUSE_MIN_NS;
}

static void disconnect(struct uplink *u)
{
    wheel_cancel(&u->patience);
    if (u->tls)
        tls_free(&u->tls);
    stream_close(&u->stream);
    buffer_done(&u->out);
    u->is_up = false;
    u->broken = NULL;
    u->sent = 0;
}

static void go_down(struct uplink *u, const char *why)
{
    u->handler->down(u->arg, why);
    disconnect(u);
    wheel_set(loop_wheel(u->loop), &u->retry, loop_now_ns(u->loop) + u->pause_ns, try_again, u);
    u->pause_ns = 2 * u->pause_ns < PAUSE_MAX_NS ? 2 * u->pause_ns : PAUSE_MAX_NS;
}

static void give_up(void *arg)
{
    struct uplink *u = arg;

    go_down(u, u->broken);
}

/* For those who do not expect that it goes down at once. */
static void go_down_soon(struct uplink *u, const char *why)
{
    if (!u->broken)
        wheel_set(loop_wheel(u->loop), &u->patience, loop_now_ns(u->loop), give_up, u);
    u->broken = why;
}

void uplink_fail(struct uplink *u, const char *why)
{
    if (!u->stream)
        return;
    stream_abandon(u->stream); /* it is all sent once more, and must not arrive twice */
    go_down_soon(u, why);
}

void uplink_proves_good(struct uplink *u)
{
    u->pause_ns = PAUSE_MIN_NS;
}

static void go_up(struct uplink *u)
{
    wheel_cancel(&u->patience);
    u->is_up = true;
    u->handler->up(u->arg);
}

static struct slice output_of(const struct uplink *u)
{
    return u->tls ? tls_output(u->tls) : buffer_slice(&u->out);
}

/* A failure makes it go down soon. */
static void send_output(struct uplink *u)
{
    struct slice output = output_of(u);
    size_t sent = 0;

    if (output.len == 0 || u->broken)
        return;
    if (stream_send(u->stream, output, &sent) != OK) {
        go_down_soon(u, strerrordesc_np(errno));
        return;
    }
    u->sent += sent;
    if (u->tls)
        tls_output_sent(u->tls, sent);
    else
        buffer_consume(&u->out, sent, KEEP);
}

static void session_failed(struct uplink *u)
{
    const char *why = tls_failure(u->tls);
    struct slice output = tls_output(u->tls);
    size_t sent;

    stream_send(u->stream, output, &sent); /* the alert that tells the collector why */
    go_down(u, why);
}

/* Handles what has been fed; whether the uplink is still there. */
static bool take_events(struct uplink *u)
{
    for (;;) {
        struct slice plaintext;

        switch (tls_step(u->tls, &plaintext)) {
        case TLS_WANTS_INPUT:
            return true;
        case TLS_READY:
            go_up(u);
            break;
        case TLS_DATA:
            u->handler->received(u->arg, plaintext);
            break;
        case TLS_CLOSED:
            go_down(u, err_text(ERR_CLOSED));
            return false;
        case TLS_FAILED:
            session_failed(u);
            return false;
        }
    }
}

static void received(void *arg, struct slice bytes)
{
    struct uplink *u = arg;

    if (bytes.len == 0) {
        go_down(u, err_text(ERR_CLOSED));
    } else if (!u->tls) {
        u->handler->received(u->arg, bytes);
    } else {
        tls_feed(u->tls, bytes);
        if (take_events(u))
            send_output(u);
    }
}

static void writable(void *arg)
{
    struct uplink *u = arg;

    send_output(u);
    if (uplink_has_room(u))
        u->handler->room(u->arg);
}

static void failed(void *arg, err_t err)
{
    (void)err;
    go_down(arg, strerrordesc_np(errno));
}

static void be_late(void *arg)
{
    go_down(arg, err_text(ERR_TIMEOUT));
}

static void connected(void *arg)
{
    struct uplink *u = arg;

    if (!u->tls_context)
        go_up(u);
    else if (tls_open_client(&u->tls, u->tls_context, &u->peer) != OK)
        go_down(u, err_text(ERR_NOMEM));
    else if (take_events(u)) /* the first step makes the greeting */
        send_output(u);
}

static err_t connect_unix(struct uplink *u, const struct stream_handler *handler)
{
    int fd;

    TRY(socket_connect_unix(u->target->path, 0, &fd));
    return stream_adopt(&u->stream, u->loop, fd, handler, u);
}

/* Certificates may have been renewed meanwhile; what cannot be read now leaves the old ones. */
static void renew(struct uplink *u)
{
    struct tls_context *context = u->tls_context ? u->handler->renew(u->arg) : NULL;

    if (!context)
        return;
    tls_context_unref(&u->tls_context);
    u->tls_context = context;
}

static void try_to_connect(struct uplink *u)
{
    static const struct stream_handler handler = {
        .connected = connected, .received = received, .writable = writable, .failed = failed
    };
    bool is_unix = u->target->kind == TARGET_UNIX;
    err_t err = is_unix ? connect_unix(u, &handler)
                        : stream_connect(&u->stream, u->loop, &u->target->url.addr, &handler, u);

    if (err != OK) {
        go_down(u, strerrordesc_np(errno));
        return;
    }
    if (is_unix) {
        connected(u);
        return;
    }
    stream_set_patience(u->stream, PATIENCE_MS);
    wheel_set(loop_wheel(u->loop), &u->patience, loop_now_ns(u->loop) + CONNECT_NS, be_late, u);
}

static void try_first(void *arg)
{
    try_to_connect(arg);
}

static void try_again(void *arg)
{
    renew(arg);
    try_to_connect(arg);
}

void uplink_start(struct uplink *u, struct loop *loop, const struct uplink_handler *handler,
                  void *arg)
{
    u->loop = loop;
    u->handler = handler;
    u->arg = arg;
    wheel_set(loop_wheel(loop), &u->retry, loop_now_ns(loop), try_first, u);
}

void uplink_done(struct uplink *u)
{
    if (u->is_up && u->tls && !u->broken)
        tls_shutdown(u->tls);
    if (u->is_up && !u->broken && output_of(u).len > 0) {
        size_t sent;

        stream_send(u->stream, output_of(u), &sent); /* a goodbye that is lost does no harm */
    }
    disconnect(u);
    wheel_cancel(&u->retry);
    tls_context_unref(&u->tls_context);
}

bool uplink_has_room(const struct uplink *u)
{
    return u->is_up && !u->broken && output_of(u).len <= OUT_MAX - UPLINK_CHUNK;
}

void uplink_send(struct uplink *u, struct slice bytes)
{
    err_t err = u->tls ? tls_send(u->tls, bytes) : buffer_append(&u->out, bytes);

    if (err != OK)
        uplink_fail(u, err_text(err));
    else
        send_output(u);
}

uint64_t uplink_given(const struct uplink *u)
{
    return u->sent + output_of(u).len;
}

uint64_t uplink_arrived(const struct uplink *u)
{
    size_t on_the_way = u->stream ? stream_unacknowledged(u->stream) : 0;

    return on_the_way < u->sent ? u->sent - on_the_way : 0;
}
