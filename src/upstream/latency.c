/* upstream/latency.c - how long an upstream takes: a smoothed value to compare by, a p95 to wait
 * for.
 *
 * Called by: upstream.c. Old answers fade: half of what was counted is forgotten now and then.
 */
#include "upstream/latency.h"

#define SMOOTHING 8   /* RFC 6298 section 2: one eighth of the new value */
#define FADE_AT   512 /* answers, then each counts half */
#define SETTLE_AT 32  /* answers between two looks at the p95 */
#define KNOWN_AT  8   /* fewer say nothing about one in twenty */

static void settle(struct latency *l)
{
    uint32_t above = 0, allowed = l->total / 20;
    size_t bucket = HISTOGRAM_BUCKETS;

    while (bucket > 0 && above <= allowed)
        above += l->counts[--bucket];
    l->p95_ns = histogram_bucket_end_ns(bucket);
    l->fresh = 0;
}

static void fade(struct latency *l)
{
    l->total = 0;
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        l->counts[i] /= 2;
        l->total += l->counts[i];
    }
}

void latency_add(struct latency *l, uint64_t ns)
{
    if (l->smoothed_ns == 0)
        l->smoothed_ns = ns + 1;
    else
        l->smoothed_ns = l->smoothed_ns - l->smoothed_ns / SMOOTHING + ns / SMOOTHING + 1;
    l->counts[histogram_bucket(ns)]++;
    l->total++;
    l->fresh++;
    if (l->total == KNOWN_AT || l->fresh >= SETTLE_AT)
        settle(l);
    if (l->total >= FADE_AT)
        fade(l);
}

void latency_at_least(struct latency *l, uint64_t ns)
{
    if (ns > l->smoothed_ns)
        latency_add(l, ns);
}
