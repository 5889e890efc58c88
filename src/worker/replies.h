#ifndef WORKER_REPLIES_H
#define WORKER_REPLIES_H

#include "io/loop.h"
#include "metrics/histogram.h"
#include "query/source.h"

struct query;

#define REPLY_RCODES 25 /* those that have a name, and all others */

/* What clients of one worker were told, and how long it took. Written by that worker, read by any
 * thread. */
struct replies {
    struct histogram latency[SOURCE_COUNT];
    _Atomic uint64_t rcodes[REPLY_RCODES];
    /* the worker's own: queries that came in this turn, whose responses leave when it ends */
    unsigned in_turn[SOURCE_COUNT];
    struct turn_end turn_end;
    uint64_t turn_ns;
};

/* `q` has its response. */
void replies_note(struct replies *r, struct loop *loop, const struct query *q);

#endif
