/* querylog/spool.c - what a collector has missed, on the disk.
 *
 * Called by: delivery.c. Owns: the files. It is bounded by the number of its files and the size of
 * each; one that is done with is removed.
 */
#include "querylog/spool.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_MAX_LEN (PATH_MAX + 8)
#define SERIAL_FIRST (1u << 30) /* there is room before it, too */

static const char *name_of(const char *path, uint64_t serial, char name[NAME_MAX_LEN])
{
    snprintf(name, NAME_MAX_LEN, "%.*s.%u", PATH_MAX, path, (unsigned)(serial % SPOOL_SEGMENTS));
    return name;
}

static err_t check_place(const char *path, char reason[SPOOL_REASON_MAX])
{
    char holder[PATH_MAX];
    struct stat there;

    if (stat(path, &there) == 0 && S_ISDIR(there.st_mode)) {
        snprintf(reason, SPOOL_REASON_MAX, "%s is a directory; name files in it: %s/records", path,
                 path);
        return ERR_CONFIG;
    }
    snprintf(holder, sizeof holder, "%s", path);
    if (euidaccess(dirname(holder), W_OK | X_OK) == 0)
        return OK;
    snprintf(reason, SPOOL_REASON_MAX, "%s: %s; make its directory, writable for this user", path,
             strerrordesc_np(errno));
    return ERR_SYSTEM;
}

err_t spool_check(const char *path, uint32_t kind, char reason[SPOOL_REASON_MAX])
{
    char name[NAME_MAX_LEN];

    TRY(check_place(path, reason));
    for (unsigned i = 0; i < SPOOL_SEGMENTS; i++) {
        struct segment segment;
        err_t err = segment_open(&segment, name_of(path, i, name), kind);

        if (err == ERR_NOTFOUND)
            continue;
        if (err == OK) {
            segment_close(&segment);
            continue;
        }
        snprintf(reason, SPOOL_REASON_MAX, "%.300s: %.150s", name,
                 err == ERR_SYSTEM ? strerrordesc_np(errno)
                                   : "holds no records of this format; name another spool");
        return err;
    }
    return OK;
}

/* A place among the others by its serial. */
static void insert(struct spool *s, const struct segment *segment)
{
    size_t i = s->count++;

    for (; i > 0 && s->segments[i - 1].serial > segment->serial; i--)
        s->segments[i] = s->segments[i - 1];
    s->segments[i] = *segment;
    s->records += segment->records;
    if (segment->serial >= s->next_serial)
        s->next_serial = segment->serial + 1;
}

static void remove_first(struct spool *s)
{
    char name[NAME_MAX_LEN];

    unlink(name_of(s->path, s->segments[0].serial, name));
    segment_close(&s->segments[0]);
    s->records -= s->segments[0].records;
    s->count--;
    memmove(&s->segments[0], &s->segments[1], s->count * sizeof s->segments[0]);
    if (s->read_from > 0)
        s->read_from--;
    else
        s->read_at = s->count > 0 ? s->segments[0].taken : 0;
}

static err_t take_up(struct spool *s, unsigned slot, uint64_t *ret_cut)
{
    char name[NAME_MAX_LEN];
    struct segment segment;
    uint64_t cut = 0;
    err_t err = segment_open(&segment, name_of(s->path, slot, name), s->kind);

    if (err == ERR_NOTFOUND)
        return OK;
    TRY(err);
    err = segment_look(&segment, s->chunk, &cut);
    if (err != OK || segment.serial % SPOOL_SEGMENTS != slot) {
        segment_close(&segment);
        return err != OK ? err : ERR_MALFORMED;
    }
    *ret_cut += cut;
    insert(s, &segment);
    return OK;
}

err_t spool_open(struct spool *s, const char *path, uint64_t size, uint32_t kind, uint64_t *ret_cut)
{
    *s = (struct spool){ .path = path,
                         .kind = kind,
                         .segment_max = size / SPOOL_SEGMENTS,
                         .next_serial = SERIAL_FIRST };
    *ret_cut = 0;
    s->chunk = malloc(SEGMENT_CHUNK);
    if (!s->chunk)
        return ERR_NOMEM;
    for (unsigned slot = 0; slot < SPOOL_SEGMENTS; slot++)
        TRY(take_up(s, slot, ret_cut));
    spool_rewind(s);
    while (s->count > 0 && s->segments[0].records == 0)
        remove_first(s);
    return OK;
}

void spool_close(struct spool *s)
{
    for (size_t i = 0; i < s->count; i++)
        segment_close(&s->segments[i]);
    s->count = 0;
    free(s->chunk);
    s->chunk = NULL;
}

static err_t add_segment(struct spool *s)
{
    char name[NAME_MAX_LEN];

    if (s->count == SPOOL_SEGMENTS)
        return ERR_BUSY;
    TRY(segment_make(&s->segments[s->count], name_of(s->path, s->next_serial, name), s->next_serial,
                     s->kind));
    s->next_serial++;
    if (s->count++ == s->read_from)
        s->read_at = SEGMENT_HEAD;
    return OK;
}

static err_t fill_segment(struct segment *segment, const struct backlog *b, uint8_t *chunk)
{
    struct backlog_mark mark = { 0 };

    while (mark.records < b->records)
        TRY(segment_add(segment, b, &mark, UINT64_MAX, chunk));
    return OK;
}

err_t spool_put_back(struct spool *s, const struct backlog *b)
{
    const uint64_t serial = s->count > 0 ? s->segments[0].serial - 1 : s->next_serial;
    struct segment segment;
    char name[NAME_MAX_LEN];
    err_t err;

    if (!s->chunk || s->count == SPOOL_SEGMENTS)
        return ERR_BUSY;
    TRY(segment_make(&segment, name_of(s->path, serial, name), serial, s->kind));
    err = fill_segment(&segment, b, s->chunk);
    if (err != OK) {
        unlink(name);
        segment_close(&segment);
        return err;
    }
    insert(s, &segment);
    spool_rewind(s);
    return OK;
}

static bool fits_into_last(const struct spool *s, size_t len)
{
    return s->count > 0 && s->segments[s->count - 1].size + SEGMENT_AROUND + len <= s->segment_max;
}

err_t spool_add(struct spool *s, const struct backlog *b, struct backlog_mark *ret_added)
{
    struct backlog_mark next = { 0 };
    struct slice record;

    *ret_added = (struct backlog_mark){ 0 };
    if (!s->chunk)
        return ERR_BUSY;
    while ((record = backlog_next(b, &next)).len > 0) {
        const size_t before = ret_added->records;

        if (SEGMENT_HEAD + SEGMENT_AROUND + record.len > s->segment_max)
            return ERR_TOOBIG;
        if (!fits_into_last(s, record.len))
            TRY(add_segment(s));
        TRY(segment_add(&s->segments[s->count - 1], b, ret_added, s->segment_max, s->chunk));
        s->records += ret_added->records - before;
        next = *ret_added;
    }
    return OK;
}

/* A segment that has been read to its end is left once there is a next one. */
err_t spool_read(struct spool *s, struct backlog *b)
{
    while (s->read_from < s->count) {
        const struct segment *segment = &s->segments[s->read_from];
        const uint64_t before = s->read_at;

        if (s->read_at < segment->size) {
            TRY(segment_read(segment, &s->read_at, b, s->chunk));
            return s->read_at > before ? OK : ERR_MALFORMED;
        }
        if (s->read_from + 1 == s->count)
            return OK;
        s->read_at = s->segments[++s->read_from].taken;
    }
    return OK;
}

size_t spool_give_up(struct spool *s)
{
    size_t records = s->count > 0 ? s->segments[0].records : 0;

    if (s->count > 0)
        remove_first(s);
    spool_rewind(s);
    return records;
}

void spool_rewind(struct spool *s)
{
    s->read_from = 0;
    s->read_at = s->count > 0 ? s->segments[0].taken : 0;
}

/* The bytes of the records alone that the first segment still has. */
static size_t bytes_left(const struct segment *s)
{
    return (size_t)(s->size - s->taken) - s->records * SEGMENT_AROUND;
}

void spool_drop(struct spool *s, struct backlog_mark gone)
{
    while (s->count > 0 && gone.records >= s->segments[0].records) {
        gone.bytes -= bytes_left(&s->segments[0]);
        gone.records -= s->segments[0].records;
        remove_first(s);
    }
    if (gone.records == 0)
        return;
    s->records -= gone.records;
    segment_take(&s->segments[0], gone);
}
