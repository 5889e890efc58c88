/* tests/replay/stream.c - connections that are two buffers. */
#include "io/stream.h"

#include "base/clock.h"
#include "io/loop.h"
#include "io/socket.h"
#include "replay/world.h"

#include <errno.h>
#include <stdlib.h>

#define RTT_US 1000

struct stream {
    struct loop *loop;
    struct socket *socket;
    struct source source;
    bool reads, wants_room;
    const struct stream_handler *handler;
    void *arg;
};

static bool has_input(const struct socket *s)
{
    return !s->vanished && (s->in.len > 0 || s->finished || s->error);
}

static bool has_room(const struct socket *s)
{
    if (s->vanished)
        return s->unacknowledged < s->window;
    return s->gone || s->error || s->out.len < s->window;
}

/* As the kernel says it: an end that nobody reads stays readable, turn after turn. */
static bool is_ready(const void *arg)
{
    const struct stream *s = arg;

    if (s->socket->connecting)
        return !s->socket->vanished && (s->socket->accepted || s->socket->error);
    return (s->wants_room && has_room(s->socket)) || (s->reads && has_input(s->socket));
}

static void fail(struct stream *s)
{
    errno = s->socket->error;
    s->handler->failed(s->arg, ERR_SYSTEM);
}

void stream_receive(struct stream *s)
{
    uint8_t *room = loop_scratch(s->loop);
    struct slice bytes = buffer_slice(&s->socket->in);

    if (!has_input(s->socket))
        return;
    if (s->socket->error) {
        fail(s);
        return;
    }
    if (bytes.len > LOOP_SCRATCH_SIZE)
        bytes.len = LOOP_SCRATCH_SIZE;
    if (bytes.len)
        memcpy(room, bytes.data, bytes.len);
    buffer_consume(&s->socket->in, bytes.len, 0);
    s->handler->received(s->arg, slice_of(room, bytes.len));
}

static void run(void *arg)
{
    struct stream *s = arg;

    if (s->socket->connecting && s->socket->error) {
        fail(s);
    } else if (s->socket->connecting) {
        s->socket->connecting = false;
        s->handler->connected(s->arg);
    } else if (s->wants_room && has_room(s->socket)) {
        s->wants_room = false;
        s->handler->writable(s->arg);
    } else {
        stream_receive(s);
    }
}

static err_t adopt(struct stream **ret_stream, struct loop *l, struct socket *socket,
                   const struct stream_handler *handler, void *arg)
{
    struct stream *s = malloc(sizeof *s);

    if (!s) {
        world_code_closes(socket);
        return ERR_NOMEM;
    }
    *s = (struct stream){
        .loop = l, .socket = socket, .reads = true, .handler = handler, .arg = arg
    };
    socket->acknowledged_ns = world.monotonic_ns;
    s->source = (struct source){ .is_ready = is_ready, .run = run, .arg = s };
    loop_add(l, &s->source);
    *ret_stream = s;
    return OK;
}

err_t stream_connect(struct stream **ret_stream, struct loop *l, const union addr *addr,
                     const struct stream_handler *handler, void *arg)
{
    struct socket *socket = world_socket(SOCKET_STREAM);

    if (socket_source(addr, &socket->local) != OK) {
        world_code_closes(socket);
        errno = ENETUNREACH;
        return ERR_SYSTEM;
    }
    socket->peer = *addr;
    socket->connecting = true;
    return adopt(ret_stream, l, socket, handler, arg);
}

err_t stream_adopt(struct stream **ret_stream, struct loop *l, int fd,
                   const struct stream_handler *handler, void *arg)
{
    return adopt(ret_stream, l, world_find(fd), handler, arg);
}

void stream_close(struct stream **s)
{
    if (!*s)
        return;
    list_remove(&(*s)->source.link);
    world_code_closes((*s)->socket);
    free(*s);
    *s = NULL;
}

void stream_finish(struct stream *s)
{
    s->socket->code_finished = true;
}

void stream_handle(struct stream *s, const struct stream_handler *handler, void *arg)
{
    s->handler = handler;
    s->arg = arg;
}

void stream_set_patience(struct stream *s, unsigned ms)
{
    (void)s;
    (void)ms;
}

static err_t send_into_the_void(struct stream *s, struct slice bytes, size_t *ret_sent)
{
    struct socket *socket = s->socket;
    size_t room = has_room(socket) ? socket->window - socket->unacknowledged : 0;

    *ret_sent = bytes.len < room ? bytes.len : room;
    socket->unacknowledged += *ret_sent;
    s->wants_room = *ret_sent < bytes.len;
    return OK;
}

err_t stream_send(struct stream *s, struct slice bytes, size_t *ret_sent)
{
    struct socket *socket = s->socket;
    size_t room = socket->out.len < socket->window ? socket->window - socket->out.len : 0;
    size_t sent = bytes.len < room || socket->gone ? bytes.len : room;

    if (socket->vanished)
        return send_into_the_void(s, bytes, ret_sent);
    if (socket->error) {
        errno = socket->error;
        return ERR_SYSTEM;
    }
    if (sent > 0)
        socket->acknowledged_ns = world.monotonic_ns;
    s->wants_room = sent < bytes.len;
    *ret_sent = sent;
    return socket->gone || sent == 0 ? OK : buffer_append(&socket->out, slice_of(bytes.data, sent));
}

err_t stream_read_on(struct stream *s, bool on)
{
    s->reads = on;
    return OK;
}

void stream_local(const struct stream *s, union addr *ret_local)
{
    *ret_local = s->socket->local;
}

bool stream_state(const struct stream *s, struct stream_state *ret_state)
{
    const struct socket *socket = s->socket;

    if (socket->connecting)
        return false;
    *ret_state = (struct stream_state){
        .unacknowledged = socket->unacknowledged,
        .last_ack_ms = (uint32_t)((world.monotonic_ns - socket->acknowledged_ns) / NS_PER_MS),
        .rtt_us = RTT_US,
    };
    return true;
}

size_t stream_unacknowledged(const struct stream *s)
{
    return s->socket->unacknowledged;
}

void stream_abandon(struct stream *s)
{
    (void)s;
}
