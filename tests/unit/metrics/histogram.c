#include "metrics/histogram.h"
#include "base/clock.h"
#include "unit/test.h"

#define FIRST_NS 8192 /* where the first bucket begins by right; what is shorter is there too */

static struct histogram_sum sum_of(const struct histogram *h)
{
    struct histogram_sum sum = { 0 };

    histogram_sum(h, &sum);
    return sum;
}

static uint64_t last_end_ns(void)
{
    return histogram_bucket_end_ns(HISTOGRAM_BUCKETS - 1);
}

/* What a histogram says of one duration that it has seen a hundred times. */
static uint64_t told_of(uint64_t ns)
{
    struct histogram h = { 0 };
    struct histogram_sum sum;

    for (unsigned i = 0; i < 100; i++)
        histogram_add(&h, ns);
    sum = sum_of(&h);
    return histogram_quantile_ns(&sum, 500);
}

TEST(histogram_joints, "each bucket begins where the one before ends, and not a nanosecond earlier")
{
    CHECK_EQUAL(histogram_bucket(FIRST_NS), 0);
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        uint64_t end_ns = histogram_bucket_end_ns(i);
        size_t next = i + 1 < HISTOGRAM_BUCKETS ? i + 1 : i;

        CHECK_EQUAL(histogram_bucket(end_ns - 1), i);
        CHECK_EQUAL(histogram_bucket(end_ns), next);
    }
}

TEST(histogram_widths, "no bucket is wider than 19 %, and none is empty")
{
    uint64_t begin_ns = FIRST_NS;

    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        uint64_t end_ns = histogram_bucket_end_ns(i);

        CHECK(end_ns > begin_ns);
        CHECK(end_ns * 100 <= begin_ns * 119);
        begin_ns = end_ns;
    }
    CHECK(begin_ns > 60 * NS_PER_S);
}

TEST(histogram_error, "a duration is told at most 19 % too long and never too short")
{
    for (uint64_t ns = FIRST_NS; ns < last_end_ns(); ns += 1 + ns / 97) {
        uint64_t told_ns = told_of(ns);

        CHECK(told_ns > ns);
        CHECK(told_ns * 100 <= ns * 119);
    }
}

TEST(histogram_ends, "what is too short or too long for all buckets is in the first or the last")
{
    CHECK_EQUAL(histogram_bucket(0), 0);
    CHECK_EQUAL(histogram_bucket(FIRST_NS - 1), 0);
    CHECK_EQUAL(histogram_bucket(UINT64_MAX), HISTOGRAM_BUCKETS - 1);
    CHECK_EQUAL(histogram_bucket(1ull << 63), HISTOGRAM_BUCKETS - 1);
    CHECK_EQUAL(told_of(0), histogram_bucket_end_ns(0));
    CHECK_EQUAL(told_of(3600 * NS_PER_S), last_end_ns());
}

TEST(histogram_empty, "of nothing every quantile is 0")
{
    struct histogram h = { 0 };
    struct histogram_sum sum = sum_of(&h);

    CHECK_EQUAL(sum.count, 0);
    CHECK_EQUAL(histogram_quantile_ns(&sum, 0), 0);
    CHECK_EQUAL(histogram_quantile_ns(&sum, 1000), 0);
}

TEST(histogram_quantiles, "a quantile is where so many are as long or shorter, and not one less")
{
    struct histogram h = { 0 };
    struct histogram_sum sum;
    const uint64_t short_ns = histogram_bucket_end_ns(histogram_bucket(NS_PER_MS));
    const uint64_t long_ns = histogram_bucket_end_ns(histogram_bucket(NS_PER_S));

    for (unsigned i = 0; i < 950; i++)
        histogram_add(&h, NS_PER_MS);
    for (unsigned i = 0; i < 50; i++)
        histogram_add(&h, NS_PER_S);
    sum = sum_of(&h);
    CHECK_EQUAL(histogram_quantile_ns(&sum, 0), short_ns);
    CHECK_EQUAL(histogram_quantile_ns(&sum, 500), short_ns);
    CHECK_EQUAL(histogram_quantile_ns(&sum, 950), short_ns);
    CHECK_EQUAL(histogram_quantile_ns(&sum, 951), long_ns);
    CHECK_EQUAL(histogram_quantile_ns(&sum, 1000), long_ns);
}

TEST(histogram_quantile_rises, "a greater share is never a shorter time")
{
    struct histogram h = { 0 };
    struct histogram_sum sum;
    uint64_t before_ns = 0;

    for (uint64_t ns = 1; ns < 1000 * NS_PER_S; ns = ns * 3 + 7)
        histogram_add(&h, ns);
    sum = sum_of(&h);
    for (unsigned permille = 0; permille <= 1000; permille++) {
        uint64_t ns = histogram_quantile_ns(&sum, permille);

        CHECK(ns >= before_ns);
        before_ns = ns;
    }
    CHECK_EQUAL(before_ns, last_end_ns());
}

TEST(histogram_sums, "several histograms are summed as if they were one")
{
    struct histogram some = { 0 }, others = { 0 };
    struct histogram_sum sum = { 0 };

    histogram_add(&some, NS_PER_MS);
    histogram_add(&some, 2 * NS_PER_MS);
    histogram_add(&others, NS_PER_MS);
    histogram_sum(&some, &sum);
    histogram_sum(&others, &sum);
    CHECK_EQUAL(sum.count, 3);
    CHECK_EQUAL(sum.sum_ns, 4 * NS_PER_MS);
    CHECK_EQUAL(sum.counts[histogram_bucket(NS_PER_MS)], 2);
    CHECK_EQUAL(sum.counts[histogram_bucket(2 * NS_PER_MS)], 1);
}
