/* metrics/metrics.c - counters, summed over the workers when somebody reads them. */
#include "metrics/metrics.h"

#include <stdio.h>

static const char *const names[METRIC_COUNT] = {
#define METRIC(name, text) [METRIC_##name] = #name,
#include "metrics/metrics.def"
#undef METRIC
};

static const struct {
    const char *name, *transport;
} gauges[GAUGE_COUNT] = {
#define GAUGE(name, transport) { #name, transport },
#include "metrics/gauges.def"
#undef GAUGE
};

void metrics_sum(const struct metrics *m, uint64_t sums[METRIC_COUNT])
{
    for (size_t i = 0; i < METRIC_COUNT; i++)
        sums[i] += atomic_load_explicit(&m->counters[i], memory_order_relaxed);
}

void metrics_sum_gauges(const struct metrics *m, uint64_t sums[GAUGE_COUNT])
{
    for (size_t i = 0; i < GAUGE_COUNT; i++)
        sums[i] += atomic_load_explicit(&m->gauges[i], memory_order_relaxed);
}

void metrics_name(const uint64_t sums[METRIC_COUNT], struct counter ret_counters[METRIC_COUNT])
{
    for (size_t i = 0; i < METRIC_COUNT; i++)
        ret_counters[i] = (struct counter){ names[i], sums[i] };
}

void metrics_name_gauges(const uint64_t sums[GAUGE_COUNT], struct counter ret_counters[GAUGE_COUNT])
{
    for (size_t i = 0; i < GAUGE_COUNT; i++)
        ret_counters[i] = (struct counter){ gauges[i].name, sums[i] };
}

const char *metrics_transport(enum gauge gauge)
{
    return gauges[gauge].transport;
}

size_t metrics_format(const struct counter *counters, size_t count, char *text, size_t size)
{
    size_t len = 0;

    text[0] = 0;
    for (size_t i = 0; i < count; i++) {
        int added;

        if (counters[i].value == 0)
            continue;
        added = snprintf(text + len, size - len, "%s%s=%llu", len ? " " : "", counters[i].name,
                         (unsigned long long)counters[i].value);
        if (added < 0 || (size_t)added >= size - len) {
            text[len] = 0;
            break;
        }
        len += (size_t)added;
    }
    return len;
}
