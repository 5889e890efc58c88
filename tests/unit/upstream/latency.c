#include "upstream/latency.h"
#include "base/clock.h"
#include "unit/test.h"

#define MS NS_PER_MS

static void add(struct latency *l, unsigned count, uint64_t ns)
{
    for (unsigned i = 0; i < count; i++)
        latency_add(l, ns);
}

TEST(latency_unknown, "a few answers say what is usual, but nothing about one in twenty")
{
    struct latency l = { 0 };

    add(&l, 7, 10 * MS);
    CHECK_EQUAL(l.p95_ns, 0);
    CHECK(l.smoothed_ns >= 10 * MS && l.smoothed_ns < 11 * MS);
    add(&l, 1, 10 * MS);
    CHECK(l.p95_ns >= 10 * MS && l.p95_ns <= 12 * MS);
}

TEST(latency_p95, "nineteen of twenty are below the p95, and it is not far above them")
{
    struct latency l = { 0 };

    for (unsigned i = 0; i < 25; i++) {
        add(&l, 96, 10 * MS);
        add(&l, 4, 300 * MS);
    }
    CHECK(l.p95_ns >= 10 * MS && l.p95_ns <= 12 * MS);
    for (unsigned i = 0; i < 25; i++) {
        add(&l, 90, 10 * MS);
        add(&l, 10, 300 * MS);
    }
    CHECK(l.p95_ns >= 300 * MS && l.p95_ns <= 360 * MS);
}

TEST(latency_forgets, "what was usual an hour ago is forgotten after some hundred answers")
{
    struct latency l = { 0 };

    add(&l, 10000, 500 * MS);
    add(&l, 3000, 5 * MS);
    CHECK(l.p95_ns <= 6 * MS);
    CHECK(l.smoothed_ns <= 6 * MS);
    add(&l, 200, 500 * MS);
    CHECK(l.p95_ns >= 500 * MS);
}

TEST(latency_waits, "who still waits tells something only when that is longer than usual")
{
    struct latency l = { 0 };

    add(&l, 100, 50 * MS);
    for (unsigned i = 0; i < 1000; i++)
        latency_at_least(&l, 20 * MS);
    CHECK(l.smoothed_ns >= 49 * MS);
    for (unsigned i = 0; i < 50; i++)
        latency_at_least(&l, 400 * MS);
    CHECK(l.smoothed_ns > 200 * MS);
}

TEST(latency_extremes, "no duration is too short or too long")
{
    struct latency l = { 0 };

    add(&l, 100, 0);
    CHECK(l.smoothed_ns > 0);
    add(&l, 1000, 3600 * NS_PER_S);
    CHECK(l.p95_ns > 10 * NS_PER_S);
}
