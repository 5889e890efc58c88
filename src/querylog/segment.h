#ifndef QUERYLOG_SEGMENT_H
#define QUERYLOG_SEGMENT_H

#include "base/err.h"
#include "querylog/backlog.h"

#include <stdint.h>

#define SEGMENT_HEAD   32                         /* bytes before the first record */
#define SEGMENT_AROUND 8                          /* bytes around each record */
#define SEGMENT_CHUNK  ((1u << 20) + (64u << 10)) /* the longest record fits */

/* A file with a part of a spool: records in their order, each behind its length and a checksum, and
 * how many bytes of them are done with. */
struct segment {
    int fd;
    uint64_t serial; /* of a spool: counts on */
    uint64_t taken;  /* what lies before is done with */
    uint64_t size;   /* behind the last record that is whole */
    size_t records;  /* behind `taken` */
};

/* Makes the file, whose place must be free. ERR_SYSTEM with errno. */
err_t segment_make(struct segment *s, const char *name, uint64_t serial, uint32_t kind);

/* Opens one that is there. ERR_NOTFOUND; ERR_MALFORMED when it is none, or of another kind;
 * ERR_SYSTEM with errno. Its records are not known yet. */
err_t segment_open(struct segment *s, const char *name, uint32_t kind);

/* Finds its records. What lies behind the last whole one, which a crash has torn off, is cut off;
 * `ret_cut` says how many bytes. `chunk` is room for SEGMENT_CHUNK bytes. */
err_t segment_look(struct segment *s, uint8_t *chunk, uint64_t *ret_cut);

/* Adds records from `mark` on, as many as fit into `max` bytes of the file, to the end; `mark`
 * moves behind them. ERR_SYSTEM with errno: none was added. */
err_t segment_add(struct segment *s, const struct backlog *b, struct backlog_mark *mark,
                  uint64_t max, uint8_t *chunk);

/* Adds the records at `at`, about a chunk of them, to `b`; `at` moves behind them. */
err_t segment_read(const struct segment *s, uint64_t *at, struct backlog *b, uint8_t *chunk);

/* So many of its first records are done with, that had so many bytes. */
void segment_take(struct segment *s, struct backlog_mark gone);

void segment_close(struct segment *s);

#endif
