/* querylog/sink_file.c - records appended to a file.
 *
 * A write to a disk that is full or gone leaves them in the backlog, and is tried again; when the
 * backlog is full, new records are lost and counted.
 */
#include "log/log.h"
#include "querylog/backlog.h"
#include "querylog/sink.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BACKLOG_MAX (16u << 20)
#define RETRY_NS    NS_PER_S

struct file {
    struct sink base;
    int fd; /* -1: could not be opened again */
    struct backlog backlog;
    uint64_t retry_at_ns; /* 0: nothing is wrong */
};

static struct file *file_of(struct sink *s)
{
    return (struct file *)s;
}

static int open_path(const struct sink *s)
{
    return open(sink_target(s->config->to), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
}

static err_t open_file(struct sink *s, char reason[QUERYLOG_REASON_MAX])
{
    struct file *f = file_of(s);

    f->backlog.max = BACKLOG_MAX;
    f->fd = open_path(s);
    if (f->fd >= 0)
        return OK;
    snprintf(reason, QUERYLOG_REASON_MAX,
             "query_log: %s: %s; make its directory, writable for this user", s->config->to,
             strerrordesc_np(errno));
    return ERR_SYSTEM;
}

static bool take(struct sink *s, struct slice record)
{
    return backlog_add(&file_of(s)->backlog, (struct slice){ 0 }, record);
}

static void fail(struct file *f, uint64_t now_ns)
{
    if (f->retry_at_ns == 0)
        log_event(EVENT_query_log_failed, "to=%s reason=\"%s\"", f->base.config->to,
                  strerrordesc_np(errno));
    f->retry_at_ns = now_ns + RETRY_NS;
}

static void flush(struct sink *s, uint64_t now_ns)
{
    struct file *f = file_of(s);

    if (f->retry_at_ns > now_ns)
        return;
    if (f->fd < 0)
        f->fd = open_path(s);
    while (f->backlog.bytes.len > 0) {
        struct slice bytes = buffer_slice(&f->backlog.bytes);
        ssize_t written = f->fd < 0 ? -1 : write(f->fd, bytes.data, bytes.len);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0) {
            fail(f, now_ns);
            return;
        }
        backlog_sent(&f->backlog, (size_t)written);
    }
    if (f->retry_at_ns != 0)
        log_event(EVENT_query_log_back, "to=%s", s->config->to);
    f->retry_at_ns = 0;
}

/* What is left of a record goes to the file that has its beginning. */
static void reopen(struct sink *s)
{
    struct file *f = file_of(s);

    f->retry_at_ns = 0;
    flush(s, clock_monotonic_ns());
    if (f->fd >= 0)
        close(f->fd);
    f->fd = open_path(s);
}

static uint64_t close_file(struct sink *s, unsigned patience_ms)
{
    struct file *f = file_of(s);
    uint64_t lost;

    (void)patience_ms; /* a disk takes it at once, or not at all */
    f->retry_at_ns = 0;
    flush(s, clock_monotonic_ns());
    lost = f->backlog.records;
    backlog_done(&f->backlog);
    if (f->fd >= 0)
        close(f->fd);
    return lost;
}

const struct sink_ops sink_file = {
    .name = "file",
    .size = sizeof(struct file),
    .open = open_file,
    .take = take,
    .flush = flush,
    .reopen = reopen,
    .close = close_file,
};
