#ifndef METRICS_HISTOGRAM_H
#define METRICS_HISTOGRAM_H

#include "base/counter.h"

#include <stddef.h>
#include <stdint.h>

#define HISTOGRAM_BUCKETS 96 /* four an octave: 8 us to more than two minutes, 19 % each */

/* Durations, counted by their size. Written by one thread, read by any. */
struct histogram {
    _Atomic uint64_t counts[HISTOGRAM_BUCKETS];
    _Atomic uint64_t sum_ns;
};

/* What several histograms have counted together. */
struct histogram_sum {
    uint64_t counts[HISTOGRAM_BUCKETS];
    uint64_t count, sum_ns;
};

/* Where the quarters of an octave end, in 65536ths of its beginning: powers of the fourth root of
 * two, but multiples of 8, so that the ends of all buckets are whole nanoseconds. */
static const uint32_t histogram_quarters[] = { 77936, 92680, 110216, 131072 };

/* The bucket for `ns`. What is shorter than the first or longer than the last is put there too. */
static inline size_t histogram_bucket(uint64_t ns)
{
    const uint32_t *ends = histogram_quarters;
    unsigned zeros;
    uint64_t place;
    size_t bucket;

    if (ns < 1u << 13) /* 8 us */
        return 0;
    zeros = (unsigned)__builtin_clzll(ns);
    place = ns << zeros >> 47;
    bucket = (50u - zeros) * 4u + (place >= ends[0]) + (place >= ends[1]) + (place >= ends[2]);
    return bucket < HISTOGRAM_BUCKETS ? bucket : HISTOGRAM_BUCKETS - 1;
}

/* Where a bucket ends: this duration is the first of the next one. */
uint64_t histogram_bucket_end_ns(size_t bucket);

static inline void histogram_add(struct histogram *h, uint64_t ns)
{
    counter_raise(&h->counts[histogram_bucket(ns)], 1);
    counter_raise(&h->sum_ns, ns);
}

static inline void histogram_add_many(struct histogram *h, uint64_t ns, uint64_t times)
{
    if (times == 0)
        return;
    counter_raise(&h->counts[histogram_bucket(ns)], times);
    counter_raise(&h->sum_ns, ns * times);
}

void histogram_sum(const struct histogram *h, struct histogram_sum *sum);

/* So long or shorter were `permille` thousandths of them, told 19 % too long at most and never too
 * short; 0 when there are none. */
uint64_t histogram_quantile_ns(const struct histogram_sum *sum, unsigned permille);

#endif
