/* querylog/segment.c - one file of a spool.
 *
 * Called by: spool.c. Numbers are big-endian, so that a spool may be carried to another machine. It
 * is not synchronised: what the process wrote survives the process, not a loss of power.
 */
#include "querylog/segment.h"

#include "base/reader.h"
#include "base/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#define MAGIC    0x64707370u /* "dpsp" */
#define VERSION  1
#define TAKEN_AT 16 /* where the head says what is done with */
#define MODE     0600

static void write_u64(struct writer *w, uint64_t value)
{
    write_u32(w, (uint32_t)(value >> 32));
    write_u32(w, (uint32_t)value);
}

static uint64_t read_u64(struct reader *r)
{
    uint64_t high = read_u32(r);

    return high << 32 | read_u32(r);
}

static uint32_t checksum(struct slice record)
{
    return (uint32_t)crc32(0, record.data, (uInt)record.len);
}

err_t segment_make(struct segment *s, const char *name, uint64_t serial, uint32_t kind)
{
    uint8_t head[SEGMENT_HEAD];
    struct writer w = writer_of(head, sizeof head);
    int fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, MODE);

    if (fd < 0)
        return ERR_SYSTEM;
    write_u32(&w, MAGIC);
    write_u32(&w, VERSION);
    write_u64(&w, serial);
    write_u64(&w, SEGMENT_HEAD);
    write_u32(&w, kind);
    write_zeroes(&w, 4);
    if (pwrite(fd, head, sizeof head, 0) != sizeof head) {
        int error = errno;

        unlink(name);
        close(fd);
        errno = error;
        return ERR_SYSTEM;
    }
    *s =
        (struct segment){ .fd = fd, .serial = serial, .taken = SEGMENT_HEAD, .size = SEGMENT_HEAD };
    return OK;
}

static err_t read_head(struct segment *s, uint32_t kind)
{
    uint8_t head[SEGMENT_HEAD];
    ssize_t len = pread(s->fd, head, sizeof head, 0);
    struct reader r = reader_of(slice_of(head, len > 0 ? (size_t)len : 0));
    uint32_t magic = read_u32(&r), version = read_u32(&r), found;

    s->serial = read_u64(&r);
    s->taken = read_u64(&r);
    found = read_u32(&r);
    if (len < 0)
        return ERR_SYSTEM;
    if (r.failed || magic != MAGIC || version != VERSION || found != kind ||
        s->taken < SEGMENT_HEAD || s->taken > INT64_MAX || s->serial > INT64_MAX)
        return ERR_MALFORMED;
    return OK;
}

err_t segment_open(struct segment *s, const char *name, uint32_t kind)
{
    err_t err;

    *s = (struct segment){ .fd = open(name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK) };
    if (s->fd < 0)
        return errno == ENOENT ? ERR_NOTFOUND : ERR_SYSTEM;
    err = read_head(s, kind);
    s->size = s->taken;
    if (err != OK)
        segment_close(s);
    return err;
}

/* The next record of what was read, or empty: it is not whole. */
static struct slice next_record(struct reader *r)
{
    struct reader ahead = *r;
    uint32_t len = read_u32(&ahead), sum = read_u32(&ahead);
    struct slice record = read_bytes(&ahead, len);

    if (ahead.failed || len == 0 || checksum(record) != sum)
        return (struct slice){ 0 };
    *r = ahead;
    return record;
}

/* Goes over the records at `at`; `b` may be NULL. */
static err_t walk(const struct segment *s, uint64_t *at, struct backlog *b, size_t *ret_records,
                  uint8_t *chunk)
{
    ssize_t len = pread(s->fd, chunk, SEGMENT_CHUNK, (off_t)*at);
    struct reader r = reader_of(slice_of(chunk, len > 0 ? (size_t)len : 0));
    struct slice record;

    *ret_records = 0;
    if (len < 0)
        return ERR_SYSTEM;
    while ((record = next_record(&r)).len > 0) {
        if (b && !backlog_add(b, record))
            break; /* the others stay where they are */
        ++*ret_records;
    }
    *at += reader_offset(&r);
    return OK;
}

err_t segment_look(struct segment *s, uint8_t *chunk, uint64_t *ret_cut)
{
    off_t end = lseek(s->fd, 0, SEEK_END);
    size_t records;

    do {
        TRY(walk(s, &s->size, NULL, &records, chunk));
        s->records += records;
    } while (records > 0);
    *ret_cut = end > 0 && (uint64_t)end > s->size ? (uint64_t)end - s->size : 0;
    return *ret_cut == 0 || ftruncate(s->fd, (off_t)s->size) == 0 ? OK : ERR_SYSTEM;
}

err_t segment_read(const struct segment *s, uint64_t *at, struct backlog *b, uint8_t *chunk)
{
    size_t records;

    return walk(s, at, b, &records, chunk);
}

static void write_record(struct writer *w, struct slice record)
{
    write_u32(w, (uint32_t)record.len);
    write_u32(w, checksum(record));
    write_bytes(w, record);
}

err_t segment_add(struct segment *s, const struct backlog *b, struct backlog_mark *mark,
                  uint64_t max, uint8_t *chunk)
{
    struct writer w = writer_of(chunk, SEGMENT_CHUNK);
    struct backlog_mark next = *mark, end = *mark;
    struct slice record = backlog_next(b, &next);

    while (record.len > 0 && writer_len(&w) + SEGMENT_AROUND + record.len <= SEGMENT_CHUNK &&
           s->size + writer_len(&w) + SEGMENT_AROUND + record.len <= max) {
        write_record(&w, record);
        end = next;
        record = backlog_next(b, &next);
    }
    if (pwrite(s->fd, chunk, writer_len(&w), (off_t)s->size) != (ssize_t)writer_len(&w)) {
        int error = errno;

        if (ftruncate(s->fd, (off_t)s->size) != 0)
            error = errno; /* the next one writes over it */
        errno = error ? error : ENOSPC;
        return ERR_SYSTEM;
    }
    s->size += writer_len(&w);
    s->records += end.records - mark->records;
    *mark = end;
    return OK;
}

/* That it cannot be written down only means that they are read again after a restart. */
void segment_take(struct segment *s, struct backlog_mark gone)
{
    uint8_t room[8];
    struct writer w = writer_of(room, sizeof room);

    s->taken += gone.bytes + gone.records * SEGMENT_AROUND;
    s->records -= gone.records;
    write_u64(&w, s->taken);
    if (pwrite(s->fd, room, sizeof room, TAKEN_AT) < 0)
        errno = 0;
}

void segment_close(struct segment *s)
{
    int before = errno;

    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
    errno = before;
}
