#ifndef QUERYLOG_OUTLET_H
#define QUERYLOG_OUTLET_H

#include "base/list.h"
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
    const struct format_ops *format;
    struct filter filter;
    struct privacy *privacy;
    uint64_t stream; /* a number that no other stream has, nor this one after a restart */
    struct sink *sink;
    /* Written by the thread that writes, read by any. */
    _Atomic uint64_t written;       /* taken by the sink */
    _Atomic uint64_t lost;          /* by the sink, or too long */
    struct belt_losses lost_before; /* when the stream began */
    uint64_t since_ns;              /* monotonic: queries from before are not its business */
};

err_t outlet_new(struct outlet **ret_outlet, struct config *config, size_t item,
                 char reason[QUERYLOG_REASON_MAX]);

/* Hands on what is left, for `patience_ms` at most. */
void outlet_free(struct outlet **o, unsigned patience_ms);

/* `belts` is what the workers have lost until now; `scratch` is room for one record. */
void outlet_write(struct outlet *o, const struct log_view *view, const struct belt_losses *belts,
                  struct pen *scratch);

/* What it wants of the workers: bits of enum querylog_wants. */
unsigned outlet_wants(const struct outlet *o);

/* The records that the stream has lost until now. */
uint64_t outlet_lost(const struct outlet *o, const struct belt_losses *belts);
void outlet_flush(struct outlet *o, uint64_t now_ns);

#endif
