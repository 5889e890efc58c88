/* tests/replay/stream.c - connections that are two buffers. */
#include "io/stream.h"

#include "io/loop.h"
#include "replay/world.h"

#include <errno.h>
#include <stdlib.h>

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
    return s->in.len > 0 || s->finished || s->error;
}

static bool has_room(const struct socket *s)
{
    return s->gone || s->error || s->out.len < s->window;
}

/* As the kernel says it: an end that nobody reads stays readable, turn after turn. */
static bool is_ready(const void *arg)
{
    const struct stream *s = arg;

    if (s->socket->connecting)
        return s->socket->accepted || s->socket->error;
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

    if (s->socket->error) {
        fail(s);
        return;
    }
    if (!has_input(s->socket))
        return;
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
    s->source = (struct source){ .is_ready = is_ready, .run = run, .arg = s };
    loop_add(l, &s->source);
    *ret_stream = s;
    return OK;
}

err_t stream_connect(struct stream **ret_stream, struct loop *l, const union addr *addr,
                     const struct stream_handler *handler, void *arg)
{
    struct socket *socket = world_socket(SOCKET_STREAM);

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

err_t stream_send(struct stream *s, struct slice bytes, size_t *ret_sent)
{
    struct socket *socket = s->socket;
    size_t room = socket->out.len < socket->window ? socket->window - socket->out.len : 0;
    size_t sent = bytes.len < room || socket->gone ? bytes.len : room;

    if (socket->error) {
        errno = socket->error;
        return ERR_SYSTEM;
    }
    s->wants_room = sent < bytes.len;
    *ret_sent = sent;
    return socket->gone || sent == 0 ? OK : buffer_append(&socket->out, slice_of(bytes.data, sent));
}

err_t stream_read_on(struct stream *s, bool on)
{
    s->reads = on;
    return OK;
}
