#ifndef QUERYLOG_BELT_H
#define QUERYLOG_BELT_H

#include "base/err.h"
#include "base/slice.h"

#include <stdatomic.h>

/* A belt of records between two threads: one writes, one reads, neither waits. A record lies in one
 * piece, at a multiple of 8 bytes, and is at most a quarter of the belt. */
struct belt {
    uint8_t *bytes;
    size_t size;
    /* Each on a line of the processor's cache that only one thread writes. */
    _Alignas(64) _Atomic size_t written; /* by the writer: bytes that the reader may have */
    _Atomic size_t skipped_from;         /* by the writer: nothing is there, up to the belt's end */
    size_t filled;        /* the writer's own: bytes that the reader will get as well */
    size_t released_seen; /* the writer's own: those that are free again */
    _Alignas(64) _Atomic size_t released; /* by the reader */
    size_t next;                          /* the reader's own */
};

/* `size` is a power of two, 4096 at least; ERR_NOMEM. */
err_t belt_init(struct belt *r, size_t size);
void belt_done(struct belt *r);

/* Room for a record of at most `len` bytes, or NULL when the reader is too far behind. It counts
 * once belt_keep says how long it became, and the reader sees it after belt_commit. */
void *belt_reserve(struct belt *r, size_t len);
void belt_keep(struct belt *r, size_t len);
void belt_commit(struct belt *r);

/* Walks the records that were kept and not committed yet; `at` is r->written at first. NULL at the
 * end. */
void *belt_kept(const struct belt *r, size_t *at);

/* The next record, which stays until belt_release; empty when there is none. */
struct slice belt_next(struct belt *r);

/* Walks what lies between `at` and `end` without trusting it: whoever asks may see it half written.
 * Empty at the end, and where it makes no sense. */
struct slice belt_peek(const struct belt *r, size_t *at, size_t end);

/* Gives all that belt_next has returned back to the writer. */
void belt_release(struct belt *r);

#endif
