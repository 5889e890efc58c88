/* querylog/sink_file.c - records appended to a file that is rotated.
 *
 * Only whole records are left in it: what a full disk took the beginning of is cut off again. Then
 * records wait in the tray, and the disk is asked again. Nothing is synchronised: the system writes
 * to the disk when it sees fit.
 */
#include "querylog/sink.h"

#include "base/clock.h"
#include "io/loop.h"
#include "log/log.h"
#include "querylog/frames.h"
#include "querylog/rotation.h"
#include "querylog/squeeze.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOM      (16u << 20)
#define MODE      0640
#define WRITE_MAX (1u << 20)
#define RETRY_NS  NS_PER_S
#define LATER_NS  (60 * NS_PER_S) /* a rotation or a compression that failed is tried again */

struct file {
    struct sink base;
    const char *path;
    bool is_framed, has_begun;
    int fd; /* -1: could not be opened again */
    dev_t device;
    ino_t inode;
    uint64_t size, period;
    struct backlog taken;
    size_t amid; /* bytes of the first record that are in the file, and could not be cut off */
    uint64_t retry_at_ns;    /* 0: nothing is wrong */
    uint64_t look_at_ns;     /* when to see whether the file is still there */
    uint64_t turn_at_ns;     /* no rotation before then */
    uint64_t squeeze_at_ns;  /* no compression */
    struct squeeze *squeeze; /* NULL: none goes on */
    struct timer next_slice;
};

static struct file *file_of(struct sink *s)
{
    return (struct file *)s;
}

static uint64_t period_of(const struct file *f, uint64_t wall_ns)
{
    return rotation_period(wall_ns, f->base.config->rotate_every);
}

static void close_file(struct file *f)
{
    uint8_t room[FRAMES_CONTROL_MAX];
    struct slice stop = frames_write(FRAMES_STOP, room);

    if (f->fd < 0)
        return;
    if (f->is_framed && f->has_begun && f->amid == 0 &&
        write(f->fd, stop.data, stop.len) != (ssize_t)stop.len)
        sink_fails(&f->base, strerrordesc_np(errno)); /* readers take the end of the file for it */
    close(f->fd);
    f->fd = -1;
    f->size = 0;
    f->amid = 0; /* that record goes to the next file, whole */
}

static err_t look_at_file(struct file *f)
{
    struct stat there;

    if (fstat(f->fd, &there) != 0)
        return ERR_SYSTEM;
    errno = EINVAL;
    if (!S_ISREG(there.st_mode))
        return ERR_SYSTEM;
    f->device = there.st_dev;
    f->inode = there.st_ino;
    f->size = (uint64_t)there.st_size;
    f->period = period_of(f, f->size > 0 ? (uint64_t)there.st_mtime * NS_PER_S : clock_wall_ns());
    return OK;
}

/* A pipe without a reader would keep us waiting, were it not for O_NONBLOCK. */
static err_t open_path(struct file *f)
{
    f->has_begun = false;
    f->fd = open(f->path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, MODE);
    if (f->fd < 0)
        return ERR_SYSTEM;
    if (look_at_file(f) == OK)
        return OK;
    close(f->fd);
    f->fd = -1;
    return ERR_SYSTEM;
}

static err_t open_sink(struct sink *s, char reason[QUERYLOG_REASON_MAX])
{
    struct file *f = file_of(s);

    f->path = s->target->path;
    f->is_framed = s->ops->open_frame != NULL;
    if (open_path(f) == OK)
        return OK;
    snprintf(reason, QUERYLOG_REASON_MAX, "query_log: %s: %s; %s", s->config->to,
             strerrordesc_np(errno),
             errno == EINVAL ? "name a file, or what is to become one"
                             : "make its directory, writable for this user");
    return ERR_SYSTEM;
}

/* What was written behind the last whole record goes, as long as nobody else has written. */
static void cut_off(struct file *f)
{
    struct stat there;

    if (f->amid == 0 || fstat(f->fd, &there) != 0 || (uint64_t)there.st_size != f->size ||
        ftruncate(f->fd, (off_t)(f->size - f->amid)) != 0)
        return;
    f->size -= f->amid;
    f->amid = 0;
}

static bool fail(struct file *f)
{
    const char *why = strerrordesc_np(errno);

    if (f->fd >= 0)
        cut_off(f);
    f->retry_at_ns = clock_monotonic_ns() + RETRY_NS;
    sink_fails(&f->base, why);
    return false;
}

static bool start_anew(struct file *f)
{
    close_file(f);
    f->squeeze_at_ns = 0;
    return open_path(f) == OK || fail(f);
}

/* The old file gets its end after it has its new name: if it gets none, all goes on as it was. */
static bool turn(struct file *f)
{
    if (rotation_turn(f->path, f->base.config->keep) == OK)
        return start_anew(f);
    log_event(EVENT_query_log_not_rotated, "to=%s reason=\"%s\"", f->base.config->to,
              strerrordesc_np(errno));
    f->turn_at_ns = clock_monotonic_ns() + LATER_NS;
    return true;
}

static bool may_turn(const struct file *f)
{
    return f->fd >= 0 && f->size > 0 && f->amid == 0 && clock_monotonic_ns() >= f->turn_at_ns;
}

static bool is_old(const struct file *f)
{
    return f->base.config->rotate_every > 0 && period_of(f, clock_wall_ns()) != f->period;
}

/* A line that a crash has torn off gets an end, so that the next one is whole. */
static void end_torn_line(struct file *f)
{
    char last = '\n';

    if (f->size > 0 && pread(f->fd, &last, 1, (off_t)f->size - 1) == 1 && last != '\n' &&
        write(f->fd, "\n", 1) == 1)
        f->size++;
}

static bool begin_frames(struct file *f)
{
    uint8_t room[FRAMES_CONTROL_MAX];
    struct slice start = frames_write(FRAMES_START, room);
    int error;

    if (f->size > 0 && rotation_turn(f->path, f->base.config->keep) != OK)
        return fail(f);
    if (f->size > 0 && !start_anew(f)) /* a file holds one stream of frames */
        return false;
    if (write(f->fd, start.data, start.len) == (ssize_t)start.len) {
        f->size = start.len;
        return true;
    }
    error = errno;
    if (ftruncate(f->fd, 0) == 0)
        errno = error;
    return fail(f);
}

/* Before the first record that this process writes to a file. */
static bool begin_file(struct file *f)
{
    if (f->is_framed && !begin_frames(f))
        return false;
    if (!f->is_framed)
        end_torn_line(f);
    if (f->is_framed || f->size == 0)
        f->period = period_of(f, clock_wall_ns());
    f->has_begun = true;
    return true;
}

/* Whole records that the file has room for; empty when it is full. One that is longer than all
 * files has one for itself. */
static struct slice choose(const struct file *f, struct backlog_mark *mark)
{
    const uint64_t rotate_size = f->base.config->rotate_size;
    const bool must = !may_turn(f) || (f->is_framed && f->size < FRAMES_CONTROL_MAX);
    size_t max = WRITE_MAX;
    struct slice bytes;

    if (rotate_size > 0 && rotate_size < f->size + max)
        max = rotate_size > f->size ? (size_t)(rotate_size - f->size) : 0;
    bytes = backlog_some(&f->taken, mark, max);
    if (bytes.len == 0 && (must || rotate_size == 0))
        bytes = backlog_next(&f->taken, mark);
    return bytes;
}

/* `len` bytes more are in the file: those records are gone that are there as a whole. */
static void settle(struct file *f, size_t len)
{
    struct backlog_mark whole = { 0 };

    f->size += len;
    f->amid += len;
    backlog_some(&f->taken, &whole, f->amid);
    f->amid -= whole.bytes;
    sink_wrote(&f->base, whole.records);
    tray_drop(&f->base.tray, &f->taken, whole);
}

/* Whether to go on. */
static bool write_some(struct file *f)
{
    struct backlog_mark mark = { 0 };
    struct slice bytes;
    ssize_t len;

    if (f->fd < 0 && open_path(f) != OK)
        return fail(f);
    if (!f->has_begun && !begin_file(f))
        return false;
    bytes = choose(f, &mark);
    if (bytes.len == 0)
        return turn(f);
    len = write(f->fd, bytes.data + f->amid, bytes.len - f->amid);
    if (len < 0)
        return errno == EINTR || fail(f);
    settle(f, (size_t)len);
    return true;
}

static void reopen(struct sink *s)
{
    struct file *f = file_of(s);

    close_file(f);
    f->retry_at_ns = 0;
    if (open_path(f) != OK)
        fail(f);
}

/* Whoever has moved it away, or removed it, need not tell. */
static void see_whether_it_is_there(struct file *f, uint64_t now_ns)
{
    struct stat there;

    if (now_ns < f->look_at_ns || f->fd < 0)
        return;
    f->look_at_ns = now_ns + NS_PER_S;
    if (stat(f->path, &there) != 0 || there.st_dev != f->device || there.st_ino != f->inode)
        reopen(&f->base);
}

static void end_squeezing(struct file *f, err_t err)
{
    if (err != OK) {
        log_event(EVENT_query_log_not_compressed, "to=%s reason=\"%s\"", f->base.config->to,
                  err_text(err));
        f->squeeze_at_ns = clock_monotonic_ns() + LATER_NS;
    }
    squeeze_free(&f->squeeze);
}

static void squeeze_on(void *arg);

static void squeeze_soon(struct file *f)
{
    wheel_set(loop_wheel(f->base.loop), &f->next_slice, clock_monotonic_ns(), squeeze_on, f);
}

static void look_for_old_files(struct file *f)
{
    err_t err;

    if (f->squeeze || !f->base.config->compress || clock_monotonic_ns() < f->squeeze_at_ns)
        return;
    f->squeeze_at_ns = UINT64_MAX; /* until there is another one */
    err = squeeze_begin(&f->squeeze, f->path, f->base.config->keep);
    if (err != OK)
        end_squeezing(f, err);
    if (f->squeeze)
        squeeze_soon(f);
}

/* Between two slices records are written. */
static void squeeze_on(void *arg)
{
    struct file *f = arg;
    err_t err = squeeze_step(f->squeeze);

    if (err == ERR_AGAIN) {
        squeeze_soon(f);
        return;
    }
    f->squeeze_at_ns = 0;
    end_squeezing(f, err);
    look_for_old_files(f);
}

static void flush(struct sink *s)
{
    struct file *f = file_of(s);
    uint64_t now_ns = clock_monotonic_ns();

    if (now_ns < f->retry_at_ns)
        return;
    see_whether_it_is_there(f, now_ns);
    if (is_old(f) && may_turn(f) && !turn(f))
        return;
    while (f->taken.records > 0 || tray_take(&s->tray, &f->taken))
        if (!write_some(f))
            return;
    f->retry_at_ns = 0;
    if (f->fd >= 0)
        sink_works(s);
    look_for_old_files(f);
}

/* Somebody else may have written to it since it was opened: who had it before. */
static void begin(struct sink *s)
{
    if (look_at_file(file_of(s)) != OK)
        fail(file_of(s));
}

static void close_sink(struct sink *s)
{
    struct file *f = file_of(s);

    squeeze_free(&f->squeeze);
    close_file(f);
    backlog_done(&f->taken);
}

const struct sink_ops sink_file = {
    .size = sizeof(struct file),
    .room = ROOM,
    .open = open_sink,
    .begin = begin,
    .flush = flush,
    .reopen = reopen,
    .close = close_sink,
};

const struct sink_ops sink_frames_file = {
    .size = sizeof(struct file),
    .room = ROOM,
    .open = open_sink,
    .begin = begin,
    .flush = flush,
    .reopen = reopen,
    .close = close_sink,
    .open_frame = frames_open,
    .close_frame = frames_close,
};
