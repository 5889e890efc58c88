#include "metrics/exposition.h"
#include "base/clock.h"
#include "unit/test.h"

#include <stdlib.h>

typedef void fill_fn(struct exposition *e);

/* The page that `fill` makes; the caller frees it. */
static char *page_of(fill_fn *fill, bool is_openmetrics)
{
    static char *text; /* static: a compiler that inlines all of this loses sight of it */
    static size_t len;
    struct exposition e = { .out = open_memstream(&text, &len), .is_openmetrics = is_openmetrics };

    fill(&e);
    exposition_end(&e);
    fclose(e.out);
    return text;
}

static void check_page(fill_fn *fill, bool is_openmetrics, const char *expected)
{
    char *text = page_of(fill, is_openmetrics);

    CHECK_TEXT(text, expected);
    free(text);
}

/* How often `what` stands in `text`. */
static size_t times_in(const char *text, const char *what)
{
    size_t count = 0;

    while ((text = strstr(text, what))) {
        text += strlen(what);
        count++;
    }
    return count;
}

static void fill_kinds(struct exposition *e)
{
    static const struct label labels[] = { { "way", "up" }, { "to", "all" }, NO_LABELS };

    exposition_family(e, "sent", "counter", "What was sent.");
    exposition_value(e, labels, UINT64_MAX);
    exposition_family(e, "seconds", "gauge", "How long.");
    exposition_real(e, NULL, 1.25);
}

TEST(exposition_text, "a counter's family ends in _total, as its samples do, in Prometheus' text")
{
    check_page(fill_kinds, false,
               "# HELP dotproxy_sent_total What was sent.\n"
               "# TYPE dotproxy_sent_total counter\n"
               "dotproxy_sent_total{way=\"up\",to=\"all\"} 18446744073709551615\n"
               "# HELP dotproxy_seconds How long.\n"
               "# TYPE dotproxy_seconds gauge\n"
               "dotproxy_seconds 1.25\n");
}

TEST(exposition_openmetrics,
     "in OpenMetrics only the samples do, and the page says that it is whole")
{
    check_page(fill_kinds, true,
               "# HELP dotproxy_sent What was sent.\n"
               "# TYPE dotproxy_sent counter\n"
               "dotproxy_sent_total{way=\"up\",to=\"all\"} 18446744073709551615\n"
               "# HELP dotproxy_seconds How long.\n"
               "# TYPE dotproxy_seconds gauge\n"
               "dotproxy_seconds 1.25\n"
               "# EOF\n");
}

static void fill_wild(struct exposition *e)
{
    static const struct label labels[] = { { "wild", "a\"} 1\\\nb" }, NO_LABELS };

    exposition_family(e, "x", "gauge", "X.");
    exposition_value(e, labels, 1);
}

TEST(exposition_escapes, "no label leaves its quotes or its line, whatever is in it")
{
    check_page(fill_wild, false,
               "# HELP dotproxy_x X.\n# TYPE dotproxy_x gauge\n"
               "dotproxy_x{wild=\"a\\\"} 1\\\\\\nb\"} 1\n");
}

static const uint64_t durations_ns[] = { 1, 20 * 1000, NS_PER_MS, NS_PER_S, 3600 * NS_PER_S };

#define DURATIONS (sizeof durations_ns / sizeof *durations_ns)

static void fill_durations(struct exposition *e)
{
    static const struct label labels[] = { { "by", "me" }, NO_LABELS };
    struct histogram h = { 0 };
    struct histogram_sum sum = { 0 };

    for (size_t i = 0; i < DURATIONS; i++)
        histogram_add(&h, durations_ns[i]);
    histogram_sum(&h, &sum);
    exposition_family(e, "took_seconds", "histogram", "How long it took.");
    exposition_durations(e, labels, &sum);
}

/* Reads the next bucket's limit and count; false when there is none. */
static bool next_bucket(const char **at, char limit[32], unsigned *ret_count)
{
    const char *bucket = strstr(*at, "_bucket{by=\"me\",le=\"");

    if (!bucket)
        return false;
    *at = strchr(bucket, '\n');
    return sscanf(bucket, "_bucket{by=\"me\",le=\"%31[^\"]\"} %u", limit, ret_count) == 2;
}

static unsigned durations_below(double seconds)
{
    unsigned count = 0;

    for (size_t i = 0; i < DURATIONS; i++)
        count += (double)durations_ns[i] / 1e9 < seconds;
    return count;
}

TEST(exposition_buckets,
     "each bucket counts all that are shorter than its limit; the last has no limit")
{
    char *text = page_of(fill_durations, false), limit[32];
    const char *at = text;
    double before = 0;
    unsigned count, buckets = 0;

    while (next_bucket(&at, limit, &count)) {
        if (strcmp(limit, "+Inf") == 0)
            break;
        CHECK(strtod(limit, NULL) > before);
        before = strtod(limit, NULL);
        CHECK_EQUAL(count, durations_below(before));
        buckets++;
    }
    CHECK_TEXT(limit, "+Inf");
    CHECK_EQUAL(count, DURATIONS);
    CHECK(!next_bucket(&at, limit, &count));
    CHECK(buckets > 20 && before > 60);
    free(text);
}

TEST(exposition_sum, "a histogram tells the sum to the nanosecond, and how many there were")
{
    char *text = page_of(fill_durations, false);

    CHECK(strstr(text, "\ndotproxy_took_seconds_sum{by=\"me\"} 3601.001020001\n"));
    CHECK(strstr(text, "\ndotproxy_took_seconds_count{by=\"me\"} 5\n"));
    CHECK_EQUAL(times_in(text, "# TYPE dotproxy_took_seconds histogram\n"), 1);
    free(text);
}

static const struct {
    const char *name, *text;
} counters[METRIC_COUNT] = {
#define METRIC(name, text) { #name, text },
#include "metrics/metrics.def"
#undef METRIC
};

/* Each counter has a value of its own. */
static void fill_counters(struct exposition *e)
{
    uint64_t sums[METRIC_COUNT];

    for (size_t i = 0; i < METRIC_COUNT; i++)
        sums[i] = 70000 + i;
    exposition_counters(e, sums);
}

TEST(exposition_all, "every counter of metrics.def is one sample, and there are no others")
{
    char *text = page_of(fill_counters, false), value[32];

    for (size_t i = 0; i < METRIC_COUNT; i++) {
        snprintf(value, sizeof value, " %zu\n", 70000 + i);
        CHECK_EQUAL(times_in(text, value), 1);
    }
    CHECK_EQUAL(times_in(text, " 7"), METRIC_COUNT);
    free(text);
}

static void check_sample(const char *text, const char *name, enum metric metric)
{
    char sample[128];

    snprintf(sample, sizeof sample, "\ndotproxy_%s %u\n", name, 70000 + (unsigned)metric);
    CHECK(strstr(text, sample));
}

TEST(exposition_families, "counters that differ in one word are one family, the word is a label")
{
    char *text = page_of(fill_counters, false);

    check_sample(text, "queries_total{transport=\"https\"}", METRIC_queries_https);
    check_sample(text, "queries_dropped_total{reason=\"policy\"}", METRIC_queries_dropped_policy);
    check_sample(text, "http_abuse_total{kind=\"rapid_reset\"}", METRIC_http_abuse_rapid_reset);
    check_sample(text, "responses_truncated_total", METRIC_responses_truncated);
    check_sample(text, "cache_hits_total", METRIC_cache_hits);
    free(text);
}

/* Family names as the page has them: each must be told once, before its samples. */
TEST(exposition_once, "no family is told twice")
{
    char *text = page_of(fill_counters, false), head[256];
    const char *at = text;

    while ((at = strstr(at, "# TYPE "))) {
        snprintf(head, sizeof head, "%.*s", (int)(strchr(at, '\n') + 1 - at), at);
        CHECK_EQUAL(times_in(text, head), 1);
        at++;
    }
    free(text);
}

TEST(exposition_help, "what counters are for is a sentence that needs no escapes")
{
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        CHECK(strlen(counters[i].text) > 10);
        CHECK(!strpbrk(counters[i].text, "\\\n\""));
        CHECK_EQUAL(counters[i].text[strlen(counters[i].text) - 1], '.');
    }
}
