#ifndef QUERYLOG_RECORDER_H
#define QUERYLOG_RECORDER_H

#include "querylog/outlet.h"

#include <stdatomic.h>

/* The last records as lines of JSON, in memory of a fixed size: the oldest give way. The query
 * log's thread writes; who reads holds the log's lock, or is about to die. */
struct recorder {
    size_t size;
    uint64_t stream, lines;
    const struct format_ops *format;
    /* Bytes since the start. What lies `size` behind `reserved` may be overwritten now. */
    _Atomic uint64_t reserved, written;
    uint8_t bytes[];
};

err_t recorder_new(struct recorder **ret_recorder, size_t size);
void recorder_free(struct recorder **r);

/* Notes a query's record; `scratch` is room for one. */
void recorder_write(struct recorder *r, const struct log_view *view,
                    const struct belt_losses *belts, struct pen *scratch);

/* One line of JSON as the recorder would note it. */
void recorder_format(const struct recorder *r, const struct log_view *view, uint64_t lost,
                     struct pen *scratch);

/* Gives `take` all lines that are whole, oldest first, in two pieces at most. Without allocation,
 * locks or calls of the library. */
typedef void recorder_fn(void *arg, struct slice bytes);
void recorder_read(const struct recorder *r, recorder_fn *take, void *arg);

#endif
