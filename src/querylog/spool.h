#ifndef QUERYLOG_SPOOL_H
#define QUERYLOG_SPOOL_H

#include "querylog/backlog.h"
#include "querylog/segment.h"

#define SPOOL_SEGMENTS   16
#define SPOOL_REASON_MAX 512

/* Records that wait on the disk, in files called PATH.0 to PATH.15: added at one end, read and then
 * dropped at the other, over a restart, too. */
struct spool {
    const char *path; /* borrowed */
    uint32_t kind;
    uint64_t segment_max;
    uint8_t *chunk;
    struct segment segments[SPOOL_SEGMENTS]; /* the oldest first */
    size_t count;
    uint64_t next_serial;
    size_t records;   /* in all of them */
    size_t read_from; /* the segment whose records are read next, and where */
    uint64_t read_at;
};

/* Sees whether that can be a spool of at most `size` bytes; `kind` tells what its records are. Why
 * not, told to a person in `reason`. Changes nothing. */
err_t spool_check(const char *path, uint32_t kind, char reason[SPOOL_REASON_MAX]);

/* Takes up what is there; `ret_cut` says how many bytes a crash had torn off. ERR_NOMEM, ERR_SYSTEM
 * with errno, and then it takes no records. */
err_t spool_open(struct spool *s, const char *path, uint64_t size, uint32_t kind,
                 uint64_t *ret_cut);
void spool_close(struct spool *s);

/* Adds records from the front of `b`, as many as it has room for; `ret_added` is the place behind
 * them. ERR_BUSY when it is full, ERR_TOOBIG when the next one is longer than it takes, ERR_SYSTEM
 * with errno when the disk does not take more. */
err_t spool_add(struct spool *s, const struct backlog *b, struct backlog_mark *ret_added);

/* Adds all of `b` before what is there, in a file of its own, however long that becomes. ERR_BUSY
 * when there are as many files as there may be, ERR_SYSTEM with errno: none was added. */
err_t spool_put_back(struct spool *s, const struct backlog *b);

/* Adds the next records to `b`, none when all were read. ERR_SYSTEM with errno, ERR_MALFORMED when
 * the file is not any more what it was. */
err_t spool_read(struct spool *s, struct backlog *b);

/* Gives up the oldest file with all that is in it; returns how many records those were. */
size_t spool_give_up(struct spool *s);

/* What was read and not dropped is read again. */
void spool_rewind(struct spool *s);

/* So many of those that were read are done with: as a backlog's mark has it. */
void spool_drop(struct spool *s, struct backlog_mark gone);

#endif
