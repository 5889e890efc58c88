#ifndef METRICS_METRICS_H
#define METRICS_METRICS_H

#include "base/counter.h"

#include <stddef.h>
#include <stdint.h>

enum metric {
#define METRIC(name, text) METRIC_##name,
#include "metrics/metrics.def"
#undef METRIC
    METRIC_COUNT
};

enum gauge {
#define GAUGE(name, transport) GAUGE_##name,
#include "metrics/gauges.def"
#undef GAUGE
    GAUGE_COUNT
};

/* One worker's counters. Written by that worker alone, read by any thread. */
struct metrics {
    _Atomic uint64_t counters[METRIC_COUNT];
    _Atomic uint64_t gauges[GAUGE_COUNT];
};

static inline void metrics_count(struct metrics *m, enum metric which)
{
    counter_raise(&m->counters[which], 1);
}

static inline void metrics_rise(struct metrics *m, enum gauge which)
{
    counter_raise(&m->gauges[which], 1);
}

static inline void metrics_fall(struct metrics *m, enum gauge which)
{
    counter_lower(&m->gauges[which], 1);
}

/* Adds the counters of `m` to `sums`. */
void metrics_sum(const struct metrics *m, uint64_t sums[METRIC_COUNT]);
void metrics_sum_gauges(const struct metrics *m, uint64_t sums[GAUGE_COUNT]);

/* A sum and what it is called. */
struct counter {
    const char *name;
    uint64_t value;
};

/* Names the sums, in the order of metrics.def. */
void metrics_name(const uint64_t sums[METRIC_COUNT], struct counter ret_counters[METRIC_COUNT]);

void metrics_name_gauges(const uint64_t sums[GAUGE_COUNT],
                         struct counter ret_counters[GAUGE_COUNT]);
const char *metrics_transport(enum gauge gauge); /* or "" */

/* Writes "name=value" words of what is not zero into `text`; returns the length. */
size_t metrics_format(const struct counter *counters, size_t count, char *text, size_t size);

#endif
