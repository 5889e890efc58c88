#ifndef UPSTREAM_LATENCY_H
#define UPSTREAM_LATENCY_H

#include "metrics/histogram.h"

/* How long an upstream takes to answer, lately: the last few hundred answers count. Zero it first.
 */
struct latency {
    uint64_t smoothed_ns; /* 0: not known */
    uint64_t p95_ns;      /* 0: too few answers to tell */
    uint32_t total, fresh;
    uint16_t counts[HISTOGRAM_BUCKETS];
};

void latency_add(struct latency *l, uint64_t ns);

/* A question has waited for `ns` and may go on waiting: only what is longer than usual tells
 * anything. */
void latency_at_least(struct latency *l, uint64_t ns);

#endif
