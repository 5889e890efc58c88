#ifndef QUERYLOG_TAIL_H
#define QUERYLOG_TAIL_H

#include "base/buffer.h"
#include "base/list.h"
#include "querylog/filter.h"
#include "querylog/format.h"
#include "querylog/outlet.h"

#include <pthread.h>

struct querylog;

/* A stream of records for somebody who is there now and sees them as they come. It remembers a
 * bounded number of bytes that were not taken yet; what comes beyond them is lost, and that is told
 * in the stream itself. */
struct tail {
    struct list link;     /* of the query log, whose thread writes */
    struct querylog *log; /* that it is attached to */
    struct filter filter;
    const struct format_ops *format;
    bool tells_losses; /* in words, because the format has none */
    void (*told)(void *arg);
    void *arg;
    struct belt_losses lost_before; /* when it began */
    /* Of the thread that writes: */
    uint64_t stream, taken, refused, lost_told;
    bool is_full, has_news;
    pthread_mutex_t lock; /* for the rest */
    struct buffer waiting;
};

/* What somebody wants to see. */
struct tail_wish {
    bool is_json;                          /* lines of the format json; else columns */
    const struct query_log_config *filter; /* only what says which records */
    void (*told)(void *arg); /* by the thread that writes: there is something to take */
    void *arg;
};

/* ERR_CONFIG after `fault` was told what is wrong with the filter, or ERR_NOMEM. */
err_t tail_new(struct tail **ret_tail, const struct tail_wish *wish, filter_fault_fn *fault,
               void *fault_arg);
void tail_free(struct tail **t);

/* For the thread that writes; `belts` is what the workers have lost until now. */
void tail_write(struct tail *t, const struct log_view *view, const struct belt_losses *belts,
                struct pen *scratch);
void tail_flush(struct tail *t, const struct belt_losses *belts);

/* Moves what waits behind what is in `taken`; for one other thread. */
err_t tail_take(struct tail *t, struct buffer *taken);

/* What stands above the columns. */
const char *tail_head(void);

#endif
