#ifndef QUERYLOG_QUERYLOG_H
#define QUERYLOG_QUERYLOG_H

#include "querylog/desk.h"
#include "querylog/sink.h"

struct config;
struct recorder;
struct tail;

/* The query log: a desk for each worker, the streams that the configuration asks for, and the
 * thread that writes them. Made, changed and freed by main. */
struct querylog;

err_t querylog_new(struct querylog **ret_log, size_t workers);

/* Writes what is left, for some seconds at most. The workers have ended. */
void querylog_free(struct querylog **log);

/* A worker's desk; it lives as long as the log. */
struct querylog_desk *querylog_desk(struct querylog *q, size_t worker);

/* The streams become those of `config`; those that say what one says already go on. On failure,
 * told to a person in `reason`, nothing has changed. */
err_t querylog_apply(struct querylog *q, struct config *config, char reason[QUERYLOG_REASON_MAX]);

/* Files are opened anew: the old ones have been moved away. */
void querylog_reopen(struct querylog *q);

/* The last records are kept in `size` bytes of memory from now on. Once only. */
err_t querylog_keep(struct querylog *q, size_t size);

/* Gives `take` what is kept, as lines of JSON, in one or two pieces; false when nothing is. */
typedef void querylog_lines_fn(void *arg, struct slice lines);
bool querylog_read_kept(struct querylog *q, querylog_lines_fn *take, void *arg);

/* For a process that is dying: the thread that writes does nothing any more, if that was true. No
 * lock protects what the others give. */
bool querylog_seize(struct querylog *q);
const struct recorder *querylog_recorder(const struct querylog *q);
size_t querylog_workers(const struct querylog *q);

/* From now on `t` gets records. ERR_TOOBIG when there are as many tails as may be. */
err_t querylog_attach(struct querylog *q, struct tail *t);

/* From any thread: `t`, which is attached, gets none any more. */
void querylog_detach(struct tail *t);

/* Every few seconds: lets go of streams that have ended. */
void querylog_look_after(struct querylog *q);

/* What one stream has come to. All records that its queries made are either written, lost, waiting,
 * spooled or skipped; those that it has inherited are added to them. */
struct querylog_count {
    const char *to; /* lasts until the next querylog_apply */
    const char *format;
    const char *state;      /* "opening", "writing", "failing" */
    char why[SINK_WHY_MAX]; /* it fails */
    uint64_t written, lost; /* records; lost by the workers' belts or on the way out */
    uint64_t overrun;       /* of the lost ones: the thread that writes did not keep up */
    uint64_t waiting;       /* in memory */
    uint64_t spooled;       /* on the disk */
    uint64_t skipped;       /* not wanted by its filter */
    uint64_t inherited;     /* that were in the spool at the start */
};

/* At most `max` streams; returns how many there are. */
size_t querylog_counts(struct querylog *q, struct querylog_count *ret_counts, size_t max);

#endif
