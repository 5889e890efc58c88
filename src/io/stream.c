/* io/stream.c - a TCP connection without a buffer of its own.
 *
 * Called by: listen/tcp (accepted), upstream/stream_channel (connecting).
 * Owns: the descriptor. It is waited for only once there is something to wait for.
 */
#include "io/stream.h"

#include "io/loop.h"
#include "io/socket.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

struct stream {
    struct loop *loop;
    struct watch *watch;
    int fd;
    bool connecting, reads, wants_room;
    const struct stream_handler *handler;
    void *arg;
};

static err_t watch_wanted(struct stream *s)
{
    unsigned events = s->connecting || s->wants_room ? LOOP_WRITABLE : 0;

    if (!s->connecting && s->reads)
        events |= LOOP_READABLE;
    return watch_for(s->watch, events);
}

static void finish_connecting(struct stream *s)
{
    int error = socket_error(s->fd);

    if (error) {
        errno = error;
        s->handler->failed(s->arg, ERR_SYSTEM);
        return;
    }
    s->connecting = false;
    watch_wanted(s);
    s->handler->connected(s->arg);
}

void stream_receive(struct stream *s)
{
    uint8_t *room = loop_scratch(s->loop);
    ssize_t len = recv(s->fd, room, LOOP_SCRATCH_SIZE, 0);

    if (len >= 0)
        s->handler->received(s->arg, slice_of(room, (size_t)len));
    else if (errno != EAGAIN && errno != EINTR)
        s->handler->failed(s->arg, ERR_SYSTEM);
}

static void make_room(struct stream *s)
{
    s->wants_room = false;
    watch_wanted(s);
    s->handler->writable(s->arg);
}

/* One thing at a time: the handler may have closed the stream; what is left comes up next turn. */
static void ready(void *arg, unsigned events)
{
    struct stream *s = arg;

    if (s->connecting)
        finish_connecting(s);
    else if (events & LOOP_WRITABLE)
        make_room(s);
    else if (events & LOOP_READABLE)
        stream_receive(s);
}

static err_t make(struct stream **ret_stream, struct loop *l, int fd, bool connecting,
                  const struct stream_handler *handler, void *arg)
{
    struct stream *s = malloc(sizeof *s);

    if (!s)
        return ERR_NOMEM;
    *s = (struct stream){
        .loop = l, .fd = fd, .connecting = connecting, .reads = true, .handler = handler, .arg = arg
    };
    if (watch_open(&s->watch, l, fd, ready, s) != OK || watch_wanted(s) != OK) {
        watch_close(&s->watch);
        free(s);
        return ERR_SYSTEM;
    }
    *ret_stream = s;
    return OK;
}

err_t stream_connect(struct stream **ret_stream, struct loop *l, const union addr *addr,
                     const struct stream_handler *handler, void *arg)
{
    int fd;
    err_t err;

    TRY(socket_connect_stream(addr, &fd));
    err = make(ret_stream, l, fd, true, handler, arg);
    if (err != OK)
        socket_close(&fd);
    return err;
}

err_t stream_adopt(struct stream **ret_stream, struct loop *l, int fd,
                   const struct stream_handler *handler, void *arg)
{
    err_t err = make(ret_stream, l, fd, false, handler, arg);

    if (err != OK)
        socket_close(&fd);
    return err;
}

void stream_close(struct stream **s)
{
    if (!*s)
        return;
    watch_close(&(*s)->watch);
    socket_close(&(*s)->fd);
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
    setsockopt(s->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof ms);
}

err_t stream_send(struct stream *s, struct slice bytes, size_t *ret_sent)
{
    ssize_t sent = send(s->fd, bytes.data, bytes.len, MSG_NOSIGNAL);

    if (sent < 0 && errno != EAGAIN && errno != EINTR)
        return ERR_SYSTEM;
    *ret_sent = sent < 0 ? 0 : (size_t)sent;
    s->wants_room = *ret_sent < bytes.len;
    return watch_wanted(s);
}

void stream_local(const struct stream *s, union addr *ret_local)
{
    socket_local(s->fd, ret_local);
}

bool stream_state(const struct stream *s, struct stream_state *ret_state)
{
    struct tcp_info info = { 0 };
    socklen_t len = sizeof info;
    int unacknowledged;

    if (s->connecting || ioctl(s->fd, SIOCOUTQ, &unacknowledged) != 0 ||
        getsockopt(s->fd, IPPROTO_TCP, TCP_INFO, &info, &len) != 0)
        return false;
    *ret_state = (struct stream_state){
        .unacknowledged = (size_t)unacknowledged,
        .last_ack_ms = info.tcpi_last_ack_recv,
        .rtt_us = info.tcpi_rtt,
    };
    return true;
}

size_t stream_unacknowledged(const struct stream *s)
{
    int bytes;

    return ioctl(s->fd, SIOCOUTQ, &bytes) == 0 && bytes > 0 ? (size_t)bytes : 0;
}

void stream_abandon(struct stream *s)
{
    const struct linger at_once = { .l_onoff = 1 };

    setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

void stream_finish(struct stream *s)
{
    shutdown(s->fd, SHUT_WR);
}

err_t stream_read_on(struct stream *s, bool on)
{
    s->reads = on;
    return watch_wanted(s);
}
