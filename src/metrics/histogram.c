/* metrics/histogram.c - how long things took, as counts of buckets.
 *
 * Called by: whoever reads what workers have counted.
 */
#include "metrics/histogram.h"

uint64_t histogram_bucket_end_ns(size_t bucket)
{
    return (uint64_t)histogram_quarters[bucket % 4] << (bucket / 4 + 13) >> 16;
}

void histogram_sum(const struct histogram *h, struct histogram_sum *sum)
{
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        uint64_t count = atomic_load_explicit(&h->counts[i], memory_order_relaxed);

        sum->counts[i] += count;
        sum->count += count;
    }
    sum->sum_ns += atomic_load_explicit(&h->sum_ns, memory_order_relaxed);
}

uint64_t histogram_quantile_ns(const struct histogram_sum *sum, unsigned permille)
{
    uint64_t wanted = (sum->count * permille + 999) / 1000, seen = 0;

    if (sum->count == 0)
        return 0;
    if (wanted == 0)
        wanted = 1;
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        seen += sum->counts[i];
        if (seen >= wanted)
            return histogram_bucket_end_ns(i);
    }
    return histogram_bucket_end_ns(HISTOGRAM_BUCKETS - 1);
}
