/* tests/replay/recovery.c - upstreams that are down, and come back. */
#include "replay/stand.h"

static const enum behaviour faults[] = { SILENT, BLACKHOLE, REFUSING, FAILING };
#define FAULTS (sizeof faults / sizeof faults[0])
#define HARD   3 /* of them, in which nothing comes back */

static void begin_well(void)
{
    stand_start(LISTEN UPSTREAMS_TCP2);
    stand_sets(1, WELL, 10);
    stand_sets(2, WELL, 10);
    stand_run(1000, 5);
    stand_run(20, 0);
    (void)stand_looks();
}

TEST(one_of_two, "whatever becomes of one of two, no question fails, and soon none waits for it")
{
    for (size_t i = 0; i < FAULTS; i++) {
        struct seen seen;

        begin_well();
        stand_sets(1, faults[i], 1);
        stand_run(700, 5);
        seen = stand_looks();
        CHECK_EQUAL(seen.failed, 0);
        CHECK(seen.worst_ms <= 450);
        stand_run(5000, 5);
        seen = stand_looks();
        CHECK_EQUAL(seen.answered, 1000);
        CHECK(seen.worst_ms <= 13);
        CHECK(seen.heard[1] <= 13);
        stand_end();
    }
}

TEST(probes,
     "a failed upstream is tried with a copy each pause, from 100 ms doubling to half a second")
{
    struct seen seen;

    begin_well();
    stand_sets(1, REFUSING, 0);
    stand_run(10000, 5);
    seen = stand_looks();
    CHECK_EQUAL(seen.failed, 0);
    /* after 0.1, 0.3, 0.7 s and then each 0.5 */
    CHECK(counted(METRIC_upstream_probes) >= 20 && counted(METRIC_upstream_probes) <= 22);
    stand_end();
}

TEST(nobody_asks, "while nobody asks nobody is tried")
{
    begin_well();
    stand_sets(1, REFUSING, 0);
    stand_run(20, 5);
    stand_run(20, 0);
    (void)stand_looks();
    stand_run(60000, 0);
    CHECK_EQUAL(stand_looks().heard[1], 0);
    CHECK(counted(METRIC_upstream_connections_failed) <= 3);
    stand_end();
}

TEST(alone_and_failed, "a lone upstream that failed is asked each question once")
{
    struct asked asked, again;

    replay_start(LISTEN UPSTREAM_TCP);
    client_udp_send(1, 1, "one.example");
    upstream_refuse(1);
    advance(110);
    client_udp_send(1, 2, "two.example");
    for (unsigned i = 0; i < 2; i++) {
        asked = upstream_expect_any(1);
        upstream_answer(&asked);
    }
    CHECK(!upstream_hears_any(1, &again));
    CHECK_COUNTED(upstream_queries, 2);
    (void)client_udp_expect(1);
    (void)client_udp_expect(1);
    replay_end();
}

TEST(back_within_a_second, "an upstream that is well again is asked again within a second")
{
    for (size_t i = 0; i < FAULTS; i++)
        for (unsigned down_ms = 3000; down_ms < 4000; down_ms += 190) {
            struct seen seen;

            begin_well();
            stand_sets(1, faults[i], 1);
            stand_run(down_ms, 5);
            stand_sets(1, WELL, 10);
            stand_run(1000, 5);
            (void)stand_looks();
            stand_run(500, 5);
            seen = stand_looks();
            CHECK_EQUAL(seen.heard[1], 100);
            CHECK_EQUAL(seen.failed, 0);
            stand_end();
        }
}

TEST(cold_blackhole,
     "a first upstream that was never reached costs half a second once, then nobody")
{
    struct seen seen;

    stand_start(LISTEN UPSTREAMS_TCP2);
    stand_sets(1, BLACKHOLE, 0);
    stand_run(1000, 5);
    seen = stand_looks();
    CHECK_EQUAL(seen.failed, 0);
    CHECK(seen.worst_ms <= 515);
    stand_run(10000, 5);
    seen = stand_looks();
    CHECK_EQUAL(seen.answered, 2000);
    CHECK(seen.worst_ms <= 5);
    CHECK(seen.most_open[1] <= 7);
    stand_end();
}

TEST(both_down,
     "when both fail, each question is told so at its deadline, not before and not later")
{
    for (size_t i = 0; i < HARD; i++) {
        struct seen seen;

        begin_well();
        stand_sets(1, faults[i], 1);
        stand_sets(2, faults[i], 1);
        stand_run(4980, 20);
        CHECK_EQUAL(stand_looks().failed, 0);
        stand_run(2000, 20);
        stand_run(5010, 0);
        seen = stand_looks();
        CHECK(seen.failed >= 340 && seen.answered == 0);
        CHECK(seen.latest_ms <= 5005);
        CHECK_EQUAL(stand_waiting(), 0);
        stand_end();
    }
}

/* How long after both are well again the first right answer comes. */
static uint64_t answered_after_ms(enum behaviour fault, unsigned down_ms)
{
    uint64_t back_ms;
    struct seen seen;

    begin_well();
    stand_sets(1, fault, 1);
    stand_sets(2, fault, 1);
    stand_run(down_ms, 20);
    back_ms = now_ms();
    (void)stand_looks();
    stand_sets(1, WELL, 10);
    stand_run(2000, 20);
    stand_sets(2, WELL, 10);
    stand_run(2000, 20);
    seen = stand_looks();
    CHECK(seen.first_at_ms > 0);
    CHECK_EQUAL(seen.failed, 0); /* those who asked before its return are answered as well */
    stand_end();
    return seen.first_at_ms - back_ms;
}

TEST(first_answer, "when one is back the first right answer comes within a second")
{
    for (size_t i = 0; i < HARD; i++)
        for (unsigned down_ms = 2500; down_ms < 3600; down_ms += 70)
            CHECK(answered_after_ms(faults[i], down_ms) <= 1000);
}

TEST(waiting_are_answered, "questions that were asked before it came back are answered then")
{
    struct seen seen;

    begin_well();
    for (unsigned u = 1; u <= 2; u++)
        stand_sets(u, REFUSING, 0);
    stand_run(2000, 20);
    CHECK_EQUAL(stand_waiting(), 100);
    stand_sets(2, WELL, 10);
    stand_run(1100, 0);
    seen = stand_looks();
    CHECK_EQUAL(seen.answered, 100);
    CHECK_EQUAL(seen.failed, 0);
    stand_end();
}
