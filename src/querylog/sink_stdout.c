/* querylog/sink_stdout.c - records on standard output, whose reader may be slow or gone.
 *
 * The descriptor may be shared with others, so it is not made non-blocking: of a pipe that is ready
 * PIPE_BUF bytes never block. What is longer goes in pieces.
 */
#include "querylog/sink.h"

#include "base/clock.h"
#include "io/loop.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

#define ROOM     (4u << 20)
#define AGAIN_NS (20 * NS_PER_MS) /* until a reader who is slow is asked again */
#define SLOW_NS  (2 * NS_PER_S)   /* a reader who takes nothing for so long is told of */

struct output {
    struct sink base;
    struct backlog taken;
    size_t amid; /* bytes of the first record that have gone */
    uint64_t moved_ns;
    struct timer again;
};

static struct output *output_of(struct sink *s)
{
    return (struct output *)s;
}

static err_t open_output(struct sink *s, char reason[QUERYLOG_REASON_MAX])
{
    (void)s;
    reason[0] = '\0'; /* it cannot fail */
    return OK;
}

/* Whole records that are written at once, or a piece of a long one. */
static struct slice choose(const struct output *o)
{
    struct backlog_mark mark = { 0 };
    struct slice bytes = { 0 };

    if (o->amid == 0)
        bytes = backlog_some(&o->taken, &mark, PIPE_BUF);
    if (bytes.len == 0)
        bytes = slice_after(backlog_next(&o->taken, &mark), o->amid);
    if (bytes.len > PIPE_BUF)
        bytes.len = PIPE_BUF;
    return bytes;
}

static void settle(struct output *o, size_t len)
{
    struct backlog_mark whole = { 0 };

    o->amid += len;
    backlog_some(&o->taken, &whole, o->amid);
    o->amid -= whole.bytes;
    sink_wrote(&o->base, whole.records);
    tray_drop(&o->base.tray, &o->taken, whole);
    o->moved_ns = clock_monotonic_ns();
}

/* Whether it was taken. */
static bool write_some(struct output *o)
{
    struct pollfd reader = { .fd = STDOUT_FILENO, .events = POLLOUT };
    struct slice bytes = choose(o);
    ssize_t written;

    if (poll(&reader, 1, 0) != 1) {
        errno = EAGAIN;
        return false;
    }
    written = write(STDOUT_FILENO, bytes.data, bytes.len);
    if (written > 0)
        settle(o, (size_t)written);
    return written > 0;
}

static void flush(struct sink *s);

static void flush_again(void *arg)
{
    flush(arg);
}

static void wait_for_reader(struct output *o, int error)
{
    uint64_t now_ns = clock_monotonic_ns();

    if (error != EAGAIN && error != EINTR)
        sink_fails(&o->base, strerrordesc_np(error));
    else if (now_ns > o->moved_ns + SLOW_NS)
        sink_fails(&o->base, "its reader takes nothing");
    wheel_set(loop_wheel(o->base.loop), &o->again, now_ns + AGAIN_NS, flush_again, o);
}

static void flush(struct sink *s)
{
    struct output *o = output_of(s);

    if (o->taken.records == 0)
        o->moved_ns = clock_monotonic_ns();
    while (o->taken.records > 0 || tray_take(&s->tray, &o->taken)) {
        if (write_some(o))
            continue;
        wait_for_reader(o, errno);
        return;
    }
    sink_works(s);
}

static void close_output(struct sink *s)
{
    backlog_done(&output_of(s)->taken);
}

const struct sink_ops sink_stdout = {
    .size = sizeof(struct output),
    .room = ROOM,
    .open = open_output,
    .flush = flush,
    .close = close_output,
};
