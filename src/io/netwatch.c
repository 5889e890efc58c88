/* io/netwatch.c - when the network of this machine changes.
 *
 * Called by: who holds long-lived connections. Owns: the socket. One change is a burst of messages
 * (link, addresses, a route each), so the caller is told once, when most of it is over; of each
 * message only the type matters, for what is true now has to be asked anyway.
 */
#include "io/netwatch.h"

#include "base/clock.h"
#include "base/reader.h"
#include "io/loop.h"
#include "io/socket.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <sys/socket.h>

#define SETTLES_NS (100 * NS_PER_MS)
#define TURN_MAX   64 /* datagrams in one turn of the loop: then the others get theirs */

struct netwatch {
    struct loop *loop;
    struct watch *watch;
    int fd;
    struct timer settles;
    netwatch_fn *changed;
    void *arg;
};

static bool is_change(uint16_t type)
{
    return type == RTM_NEWLINK || type == RTM_DELLINK || type == RTM_NEWADDR ||
           type == RTM_DELADDR || type == RTM_NEWROUTE || type == RTM_DELROUTE ||
           type == NLMSG_OVERRUN;
}

bool netwatch_tells_change(struct slice datagram)
{
    struct reader r = reader_of(datagram);

    while (reader_left(&r) >= sizeof(struct nlmsghdr)) {
        struct nlmsghdr header;

        memcpy(&header, read_bytes(&r, sizeof header).data, sizeof header);
        if (is_change(header.nlmsg_type))
            return true;
        if (header.nlmsg_len < sizeof header)
            return false;
        read_bytes(&r, NLMSG_ALIGN((size_t)header.nlmsg_len) - sizeof header);
    }
    return false;
}

static void has_settled(void *arg)
{
    struct netwatch *w = arg;

    w->changed(w->arg);
}

/* Whether another datagram may wait; what is no message of the kernel tells nothing. */
static bool receive(struct netwatch *w, bool *ret_has_changed)
{
    uint8_t *room = loop_scratch(w->loop);
    struct sockaddr_nl from = { 0 };
    socklen_t from_len = sizeof from;
    ssize_t len = recvfrom(w->fd, room, LOOP_SCRATCH_SIZE, 0, (struct sockaddr *)&from, &from_len);

    if (len >= 0) {
        *ret_has_changed |= from.nl_pid == 0 && netwatch_tells_change(slice_of(room, (size_t)len));
        return true;
    }
    if (errno == ENOBUFS) { /* messages were lost, so there were many */
        *ret_has_changed = true;
        return true;
    }
    if (errno != EAGAIN && errno != EINTR)
        watch_for(w->watch, 0); /* nothing more will be heard: better than to spin */
    return false;
}

static void ready(void *arg, unsigned events)
{
    struct netwatch *w = arg;
    bool has_changed = false;

    (void)events;
    for (unsigned i = 0; i < TURN_MAX && receive(w, &has_changed); i++)
        ;
    if (has_changed && !timer_is_set(&w->settles))
        wheel_set(loop_wheel(w->loop), &w->settles, loop_now_ns(w->loop) + SETTLES_NS, has_settled,
                  w);
}

static err_t open_socket(int *ret_fd)
{
    const struct sockaddr_nl groups = { .nl_family = AF_NETLINK,
                                        .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR |
                                                     RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE |
                                                     RTMGRP_IPV6_ROUTE };
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);

    if (fd < 0)
        return ERR_SYSTEM;
    if (bind(fd, (const struct sockaddr *)&groups, sizeof groups) != 0) {
        socket_close(&fd);
        return ERR_SYSTEM;
    }
    *ret_fd = fd;
    return OK;
}

err_t netwatch_open(struct netwatch **ret_watch, struct loop *l, netwatch_fn *changed, void *arg)
{
    struct netwatch *w = malloc(sizeof *w);
    err_t err;

    if (!w)
        return ERR_NOMEM;
    *w = (struct netwatch){ .loop = l, .fd = -1, .changed = changed, .arg = arg };
    err = open_socket(&w->fd);
    if (err == OK)
        err = watch_open(&w->watch, l, w->fd, ready, w);
    if (err == OK)
        err = watch_for(w->watch, LOOP_READABLE);
    if (err != OK) {
        netwatch_close(&w);
        return err;
    }
    *ret_watch = w;
    return OK;
}

void netwatch_close(struct netwatch **watch)
{
    struct netwatch *w = *watch;

    if (!w)
        return;
    *watch = NULL;
    wheel_cancel(&w->settles);
    watch_close(&w->watch);
    socket_close(&w->fd);
    free(w);
}
