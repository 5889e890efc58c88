#ifndef QUERYLOG_SINK_H
#define QUERYLOG_SINK_H

#include "base/err.h"
#include "base/slice.h"
#include "config/target.h"
#include "log/log.h"
#include "querylog/format.h"
#include "querylog/query_log_config.h"
#include "querylog/tray.h"

#include <stdbool.h>

#define QUERYLOG_REASON_MAX 512
#define SINK_WHY_MAX        128

struct loop;

/* How a sink fares. */
enum sink_state { SINK_OPENING, SINK_WORKS, SINK_FAILS };

/* Where records go. Each sink's struct begins with it. What is in it belongs to the thread that
 * carries its records, which may wait for a disk, but for what says otherwise. */
struct sink {
    const struct sink_ops *ops;
    const struct query_log_config *config; /* lives as long as the sink */
    const struct target *target;           /* the same */
    struct tray tray;                      /* the thread that writes puts */
    struct loop *loop;
    /* Written by its thread, read by any. */
    _Atomic uint64_t written;   /* records that have arrived, as far as can be told */
    _Atomic uint64_t lost;      /* of those that were taken from the tray */
    _Atomic uint64_t kept;      /* that are in a spool */
    _Atomic uint64_t inherited; /* that were in it at the start */
    struct log_gate gate;       /* for what flaps */
    bool is_told;               /* the log said that it fails, and not yet that it works again */
    pthread_mutex_t lock;       /* for the rest */
    enum sink_state state;
    char why[SINK_WHY_MAX]; /* it fails */
};

struct sink_ops {
    size_t size;
    size_t room;       /* bytes of records that may wait in memory */
    size_t record_max; /* bytes; 0: of any length */

    /* By main, before there is a thread. Why not, told to a person in `reason`. */
    err_t (*open)(struct sink *s, char reason[QUERYLOG_REASON_MAX]);

    /* Called first on the sink's thread. */
    void (*begin)(struct sink *s);

    /* Hands on what is in the tray, as far as that goes now: when there is something new, and about
     * once a second. */
    void (*flush)(struct sink *s);

    /* Begins anew what has a name, because that may belong to another file now. */
    void (*reopen)(struct sink *s);

    /* No more records will come, and the tray is empty: whether all is done. Asked again until it
     * is. NULL: it is. The last time, when `is_late`, something may be left. */
    bool (*finish)(struct sink *s, bool is_late);

    /* By main, when there is no thread any more. */
    void (*close)(struct sink *s);

    /* What goes before and behind each frame, by the thread that writes; may be NULL. */
    void (*open_frame)(const struct sink *s, struct pen *p, const struct log_view *view,
                       const struct stamp *stamp, bool is_cut);
    void (*close_frame)(struct pen *p, size_t start);
};

/* Which sink takes records to `target`; NULL: none takes such. */
const struct sink_ops *sink_find(enum target_kind target, bool is_binary);

/* How it fares; the log hears of what changes, of failures once a minute. */
void sink_fails(struct sink *s, const char *why);
void sink_works(struct sink *s);

/* From any thread. */
enum sink_state sink_state(struct sink *s, char ret_why[SINK_WHY_MAX]);

/* So many records have arrived. */
void sink_wrote(struct sink *s, size_t records);

#endif
