/* io/acceptor.c - takes connections from a listening socket.
 *
 * Called by: listen/tcp, the control room. Out of descriptors it rests a moment instead of
 * spinning: those who are connected are served on, those who wait stay in the kernel's queue.
 */
#include "io/acceptor.h"

#include "base/clock.h"
#include "io/loop.h"
#include "io/socket.h"

#include <errno.h>
#include <stdlib.h>

#define ACCEPTS_A_TURN 64
#define REST_NS        (100 * NS_PER_MS)

struct acceptor {
    struct loop *loop;
    struct watch *watch;
    int fd;
    bool pauses;
    struct timer rest;
    const struct acceptor_handler *handler;
    void *arg;
};

static void go_on(void *arg)
{
    struct acceptor *a = arg;

    watch_for(a->watch, a->pauses ? 0 : LOOP_READABLE);
}

void acceptor_pause(struct acceptor *a, bool on)
{
    a->pauses = on;
    wheel_cancel(&a->rest);
    go_on(a);
}

/* Whether there may be more to accept. */
static bool accept_one(struct acceptor *a)
{
    union addr peer = { 0 };
    socklen_t len = sizeof peer;
    int fd = accept4(a->fd, &peer.any, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd >= 0) {
        a->handler->accepted(a->arg, fd, &peer);
        return true;
    }
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        a->handler->starved(a->arg, ERR_SYSTEM);
        watch_for(a->watch, 0);
        wheel_set(loop_wheel(a->loop), &a->rest, loop_now_ns(a->loop) + REST_NS, go_on, a);
        return false;
    }
    return errno != EAGAIN; /* anything else concerns a connection that is gone already */
}

static void ready(void *arg, unsigned events)
{
    const struct acceptor *a = arg;

    (void)events;
    for (unsigned i = 0; i < ACCEPTS_A_TURN && !a->pauses && accept_one(arg); i++)
        ;
}

err_t acceptor_open(struct acceptor **ret_acceptor, struct loop *l, int fd,
                    const struct acceptor_handler *handler, void *arg)
{
    struct acceptor *a = malloc(sizeof *a);

    if (!a)
        goto fail;
    *a = (struct acceptor){ .loop = l, .fd = fd, .handler = handler, .arg = arg };
    if (watch_open(&a->watch, l, fd, ready, a) != OK || watch_for(a->watch, LOOP_READABLE) != OK)
        goto fail;
    *ret_acceptor = a;
    return OK;
fail:
    if (a)
        watch_close(&a->watch);
    free(a);
    socket_close(&fd);
    return ERR_SYSTEM;
}

void acceptor_close(struct acceptor **a)
{
    if (!*a)
        return;
    for (unsigned left = SOCKET_BACKLOG; left > 0 && accept_one(*a); left--)
        ; /* more come while these are let in */
    wheel_cancel(&(*a)->rest);
    watch_close(&(*a)->watch);
    socket_close(&(*a)->fd);
    free(*a);
    *a = NULL;
}
