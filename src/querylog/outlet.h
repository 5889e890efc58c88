#ifndef QUERYLOG_OUTLET_H
#define QUERYLOG_OUTLET_H

#include "base/list.h"
#include "config/store.h"
#include "log/log.h"
#include "querylog/courier.h"
#include "querylog/filter.h"
#include "querylog/format.h"
#include "querylog/sink.h"

struct config;
struct privacy;

/* Records that the workers have lost, because their belts were full. */
struct belt_losses {
    uint64_t queries, exchanges;
};

/* One stream of records, as an item of the configuration asks for it: which, how written, where to.
 */
struct outlet {
    struct list link;
    const struct query_log_config *config;
    struct config *held; /* which `config` is in */
    struct store store;  /* for `target` */
    struct target target;
    const struct format_ops *format;
    struct filter filter;
    struct privacy *privacy;
    uint64_t stream; /* a number that no other stream has, nor this one after a restart */
    struct sink *sink;
    struct courier courier;
    struct list before; /* outlets with the same place or spool: they have to end first */
    struct belt_losses lost_after; /* when it was to finish */
    uint64_t until_ns;             /* monotonic: by then it should have */
    /* Written by the thread that writes, read by any. */
    _Atomic uint64_t taken;         /* by the sink's tray */
    _Atomic uint64_t skipped;       /* not wanted by the filter */
    _Atomic uint64_t refused;       /* lost, because the tray was full or the record too long */
    struct belt_losses lost_before; /* when the stream began */
    /* Of the thread that writes: */
    bool has_news; /* for the courier */
    struct log_gate gate;
    uint64_t lost_told;
};

/* Opened, and its thread waits for outlet_go. */
err_t outlet_new(struct outlet **ret_outlet, struct config *config, size_t item,
                 char reason[QUERYLOG_REASON_MAX]);

/* Of `leaving`, takes those that have to end before it may begin. */
void outlet_take_before(struct outlet *o, struct list *leaving);

/* Lets its records go, once those have ended. */
void outlet_go(struct outlet *o);

/* No more records come. What is left is handed on within `patience_ms`; `belts` as below. */
void outlet_finish(struct outlet *o, const struct belt_losses *belts, unsigned patience_ms);

/* Whether all is done, so that outlet_free does not wait. */
bool outlet_has_finished(struct outlet *o);

/* After outlet_finish: waits for it. One that was never let go is just freed. */
void outlet_free(struct outlet **o);

/* `belts` is what the workers have lost until now; `scratch` is room for one record. */
void outlet_write(struct outlet *o, const struct log_view *view, const struct belt_losses *belts,
                  struct pen *scratch);

/* What was written goes on its way. Tells the log, now and then, what was lost. */
void outlet_flush(struct outlet *o, const struct belt_losses *belts, uint64_t now_ns);

/* Records of the stream until now; `overrun` are those of the lost ones that a belt has lost,
 * `waiting` are in memory. */
struct outlet_count {
    uint64_t written, lost, overrun, waiting, spooled, skipped, inherited;
};

struct outlet_count outlet_count(const struct outlet *o, const struct belt_losses *belts);

/* What it wants of the workers: bits of enum querylog_wants. */
unsigned outlet_wants(const struct outlet *o);

#endif
