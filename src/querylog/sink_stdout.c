/* querylog/sink_stdout.c - records on standard output, whose reader may be slow or gone. */
#include "querylog/backlog.h"
#include "querylog/sink.h"

#include <limits.h>
#include <poll.h>
#include <unistd.h>

#define BACKLOG_MAX (4u << 20)

struct output {
    struct sink base;
    struct backlog backlog;
};

static struct output *output_of(struct sink *s)
{
    return (struct output *)s;
}

static err_t open_output(struct sink *s, char *reason)
{
    reason[0] = '\0'; /* it cannot fail */
    output_of(s)->backlog.max = BACKLOG_MAX;
    return OK;
}

static bool take(struct sink *s, struct slice record)
{
    return backlog_add(&output_of(s)->backlog, (struct slice){ 0 }, record);
}

/* The descriptor may be shared with others, so it is not made non-blocking: of a pipe that is ready
 * PIPE_BUF bytes never block. */
static bool write_some(struct output *o, int patience_ms)
{
    struct pollfd poll_fd = { .fd = STDOUT_FILENO, .events = POLLOUT };
    struct slice bytes = buffer_slice(&o->backlog.bytes);
    ssize_t written;

    if (bytes.len == 0 || poll(&poll_fd, 1, patience_ms) != 1 || !(poll_fd.revents & POLLOUT))
        return false;
    written = write(STDOUT_FILENO, bytes.data, bytes.len < PIPE_BUF ? bytes.len : PIPE_BUF);
    if (written > 0)
        backlog_sent(&o->backlog, (size_t)written);
    return written > 0;
}

static void flush(struct sink *s, uint64_t now_ns)
{
    (void)now_ns;
    while (write_some(output_of(s), 0))
        ;
}

static uint64_t close_output(struct sink *s, unsigned patience_ms)
{
    struct output *o = output_of(s);
    uint64_t lost;

    while (write_some(o, (int)patience_ms))
        ;
    lost = o->backlog.records;
    backlog_done(&o->backlog);
    return lost;
}

const struct sink_ops sink_stdout = {
    .name = "stdout",
    .size = sizeof(struct output),
    .open = open_output,
    .take = take,
    .flush = flush,
    .close = close_output,
};
