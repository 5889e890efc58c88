#ifndef QUERYLOG_OUTLET_H
#define QUERYLOG_OUTLET_H

#include "base/list.h"
#include "querylog/format.h"
#include "querylog/sink.h"

struct config;

/* One stream of records, as an item of the configuration asks for it: which, how written, where to.
 */
struct outlet {
    struct list link;
    const struct query_log_config *config;
    struct config *held; /* which `config` is in */
    const struct format_ops *format;
    struct sink *sink;
    /* Written by the thread that writes, read by any. */
    _Atomic uint64_t written;   /* taken by the sink */
    _Atomic uint64_t lost;      /* by the sink, or too long */
    uint64_t belts_lost_before; /* what the workers had lost when the stream began */
};

err_t outlet_new(struct outlet **ret_outlet, struct config *config, size_t item,
                 char reason[QUERYLOG_REASON_MAX]);

/* Hands on what is left, for `patience_ms` at most. */
void outlet_free(struct outlet **o, unsigned patience_ms);

/* `belts_lost` is what the workers have lost until now; `scratch` is room for one record. */
void outlet_write(struct outlet *o, const struct log_view *view, uint64_t belts_lost,
                  struct pen *scratch);
void outlet_flush(struct outlet *o, uint64_t now_ns);

#endif
