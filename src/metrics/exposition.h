#ifndef METRICS_EXPOSITION_H
#define METRICS_EXPOSITION_H

#include "metrics/histogram.h"
#include "metrics/metrics.h"

#include <stdbool.h>
#include <stdio.h>

/* A page of metrics in the making, in the text format of Prometheus (version 0.0.4) or in
 * OpenMetrics 1.0. All names get the prefix of the house. Zero what is not given. */
struct exposition {
    FILE *out;
    bool is_openmetrics;
    const char *family; /* the one that is told */
    const char *type;
    char limits[HISTOGRAM_BUCKETS / 4][24]; /* of buckets, as text; empty: not needed yet */
};

/* A label and its value; what ends a list has no name. */
struct label {
    const char *name, *value;
};

#define NO_LABELS                                                                                  \
    {                                                                                              \
        NULL, NULL                                                                                 \
    }

/* What follows belongs to this family, of type "counter", "gauge" or "histogram". */
void exposition_family(struct exposition *e, const char *name, const char *type, const char *help);

/* `labels` may be NULL. */
void exposition_value(struct exposition *e, const struct label *labels, uint64_t value);
void exposition_real(struct exposition *e, const struct label *labels, double value);

/* Durations, with a bucket for each octave. */
void exposition_durations(struct exposition *e, const struct label *labels,
                          const struct histogram_sum *sum);

/* All counters of metrics.def, by their families. */
void exposition_counters(struct exposition *e, const uint64_t sums[METRIC_COUNT]);

/* A table of the same for readers: the samples' names, types and meanings. */
void exposition_describe_counters(FILE *out);

/* A row of such a table; `labels` is what stands between the braces, or "". */
void exposition_describe(FILE *out, const char *family, const char *type, const char *labels,
                         const char *text);

void exposition_end(struct exposition *e);

#endif
