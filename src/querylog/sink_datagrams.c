/* querylog/sink_datagrams.c - records as messages of syslog over UDP (RFC 5426), one in each
 * datagram.
 *
 * Nobody says whether they arrive. Where the other machine says that nobody listens, the last one
 * is counted as lost, and the others wait.
 */
#include "querylog/sink.h"

#include "base/clock.h"
#include "io/loop.h"
#include "io/socket.h"
#include "querylog/syslog.h"

#include <errno.h>
#include <stdio.h>

#define ROOM       (16u << 20)
#define RECORD_MAX 8192 /* what receivers take unless they are told otherwise */
#define RETRY_NS   NS_PER_S
#define SLICE_NS   (4 * NS_PER_MS)
#define SLICE_MIN  32 /* records that leave at once, or a part of what waits */
#define SLICE_PART 8

struct datagrams {
    struct sink base;
    int fd;
    struct backlog taken;
    size_t unsure; /* 1: it may still be said that nobody has heard the last one */
    uint64_t retry_at_ns;
    struct timer again;
};

static struct datagrams *datagrams_of(struct sink *s)
{
    return (struct datagrams *)s;
}

static err_t open_datagrams(struct sink *s, char reason[QUERYLOG_REASON_MAX])
{
    reason[0] = '\0'; /* it cannot fail: there may be no way there yet */
    datagrams_of(s)->fd = -1;
    return OK;
}

static void flush(struct sink *s);

static void flush_again(void *arg)
{
    flush(arg);
}

static void lose_last(struct datagrams *d)
{
    atomic_fetch_add_explicit(&d->base.lost, d->unsure, memory_order_relaxed);
    d->unsure = 0;
}

static void trust_last(struct datagrams *d)
{
    sink_wrote(&d->base, d->unsure);
    d->unsure = 0;
}

/* That nobody listens is said of the datagram before this one. */
static void fail(struct datagrams *d, int error)
{
    if (error == ECONNREFUSED)
        lose_last(d);
    else
        trust_last(d);
    sink_fails(&d->base, strerrordesc_np(error));
    socket_close(&d->fd);
    d->retry_at_ns = clock_monotonic_ns() + RETRY_NS;
}

/* What has become of the last one. */
static bool settle(struct datagrams *d)
{
    int error = d->fd >= 0 ? socket_error(d->fd) : 0;

    if (error != 0)
        fail(d, error);
    else
        trust_last(d);
    return error == 0;
}

/* Whether it has left. */
static bool send_first(struct datagrams *d)
{
    struct backlog_mark mark = { 0 };
    struct slice record = backlog_next(&d->taken, &mark);
    err_t err = socket_send(d->fd, record);

    if (err == ERR_SYSTEM)
        fail(d, errno);
    if (err != OK)
        return false;
    trust_last(d);
    d->unsure = 1;
    tray_drop(&d->base.tray, &d->taken, mark);
    return true;
}

/* A receiver's buffer holds some hundred datagrams, and less than comes in one round of the thread
 * that writes: so they do not leave all at once. */
static void send_slice(struct datagrams *d)
{
    size_t left = d->taken.records / SLICE_PART;

    if (left < SLICE_MIN)
        left = SLICE_MIN;
    while (d->taken.records > 0 && left-- > 0)
        if (!send_first(d))
            break;
    if (d->taken.records > 0 && d->fd >= 0)
        wheel_set(loop_wheel(d->base.loop), &d->again, clock_monotonic_ns() + SLICE_NS, flush_again,
                  d);
}

static void flush(struct sink *s)
{
    struct datagrams *d = datagrams_of(s);

    if (clock_monotonic_ns() < d->retry_at_ns || timer_is_set(&d->again) || !settle(d))
        return;
    if (d->fd < 0 && socket_connect_dgram(&s->target->url.addr, &d->fd) != OK) {
        fail(d, errno);
        return;
    }
    tray_take(&s->tray, &d->taken);
    send_slice(d);
    if (d->fd >= 0)
        sink_works(s);
}

static bool finish(struct sink *s, bool is_late)
{
    (void)is_late;
    settle(datagrams_of(s));
    return true;
}

static void close_datagrams(struct sink *s)
{
    socket_close(&datagrams_of(s)->fd);
    backlog_done(&datagrams_of(s)->taken);
}

const struct sink_ops sink_datagrams = {
    .size = sizeof(struct datagrams),
    .room = ROOM,
    .record_max = RECORD_MAX,
    .open = open_datagrams,
    .flush = flush,
    .finish = finish,
    .close = close_datagrams,
    .open_frame = syslog_open_frame,
    .close_frame = syslog_close_frame,
};
