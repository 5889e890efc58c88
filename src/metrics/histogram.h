#ifndef METRICS_HISTOGRAM_H
#define METRICS_HISTOGRAM_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define HISTOGRAM_BUCKETS 96 /* four an octave: 8 us to more than a minute, 19 % each */

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

/* The bucket for `ns`, and the longest duration that belongs to a bucket. */
static inline size_t histogram_bucket(uint64_t ns)
{
    uint64_t units = ns >> 11; /* 2 us */
    unsigned octave;
    size_t bucket;

    if (units < 4)
        return 0;
    octave = 63u - (unsigned)__builtin_clzll(units);
    bucket = (octave - 2) * 4u + (units >> (octave - 2) & 3);
    return bucket < HISTOGRAM_BUCKETS ? bucket : HISTOGRAM_BUCKETS - 1;
}

uint64_t histogram_bucket_end_ns(size_t bucket);

static inline void histogram_raise(_Atomic uint64_t *counter, uint64_t by)
{
    uint64_t before = atomic_load_explicit(counter, memory_order_relaxed);

    atomic_store_explicit(counter, before + by, memory_order_relaxed);
}

static inline void histogram_add(struct histogram *h, uint64_t ns)
{
    histogram_raise(&h->counts[histogram_bucket(ns)], 1);
    histogram_raise(&h->sum_ns, ns);
}

void histogram_sum(const struct histogram *h, struct histogram_sum *sum);

/* So long or shorter were `permille` thousandths of them; 0 when there are none. */
uint64_t histogram_quantile_ns(const struct histogram_sum *sum, unsigned permille);

#endif
