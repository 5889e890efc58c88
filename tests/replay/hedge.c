/* tests/replay/hedge.c - a question that takes long is asked of another upstream as well. */
#include "replay/stand.h"

/* Two hundred answers of ten milliseconds: then that is what is usual. */
static void learn_what_is_usual(void)
{
    stand_sets(1, WELL, 10);
    stand_run(400, 2);
    stand_run(20, 0);
    CHECK_EQUAL(stand_waiting(), 0);
    (void)stand_looks();
}

TEST(hedged, "a question that takes longer than most is asked of the next upstream as well")
{
    struct asked first, second;

    stand_start(LISTEN UPSTREAMS_TCP2);
    learn_what_is_usual();
    client_udp_send(1, 1, "slow.example");
    first = upstream_expect_any(1);
    advance(9);
    upstream_expect_nothing(2);
    advance(9);
    second = upstream_expect_any(2);
    CHECK_TEXT(second.name, "slow.example.");
    upstream_answer(&second);
    client_udp_expect_answer(1, 1, "slow.example");
    upstream_answer(&first);
    client_udp_expect_nothing();
    CHECK_COUNTED(upstream_hedges, 1);
    CHECK_COUNTED(upstream_late_answers, 1);
    CHECK_COUNTED(upstream_wrong_answers, 0);
    stand_end();
}

TEST(first_wins, "whoever answers first is passed on, and the other answer counts as late")
{
    struct asked first, second;

    stand_start(LISTEN UPSTREAMS_TCP2);
    learn_what_is_usual();
    client_udp_send(1, 1, "slow.example");
    first = upstream_expect_any(1);
    advance(18);
    second = upstream_expect_any(2);
    upstream_answer(&first);
    client_udp_expect_answer(1, 1, "slow.example");
    upstream_answer(&second);
    client_udp_expect_nothing();
    CHECK_COUNTED(upstream_late_answers, 1);
    CHECK_COUNTED(upstream_wrong_answers, 0);
    stand_end();
}

TEST(nothing_known, "when nothing is known of an upstream a question waits a tenth of a second")
{
    struct asked asked;

    replay_start(LISTEN UPSTREAMS_TCP2);
    client_udp_send(1, 1, "first.example");
    (void)upstream_expect_any(1);
    advance(95);
    upstream_expect_nothing(2);
    advance(10);
    asked = upstream_expect_any(2);
    upstream_answer(&asked);
    client_udp_expect_answer(1, 1, "first.example");
    replay_end();
}

TEST(lone_upstream, "a lone upstream is not asked twice because it takes its time")
{
    struct asked asked, again;

    stand_start(LISTEN UPSTREAM_TCP);
    learn_what_is_usual();
    client_udp_send(1, 1, "slow.example");
    asked = upstream_expect_any(1);
    advance(350);
    CHECK(!upstream_hears_any(1, &again));
    upstream_expect_no_connection(1);
    upstream_answer(&asked);
    client_udp_expect_answer(1, 1, "slow.example");
    CHECK_COUNTED(upstream_hedges, 0);
    stand_end();
}

TEST(failed_one_is_no_hedge, "an upstream that has failed is not asked because another one is slow")
{
    struct asked asked;

    stand_start(LISTEN UPSTREAMS_TCP3);
    learn_what_is_usual();
    stand_sets(1, REFUSING, 0);
    stand_sets(2, REFUSING, 0);
    stand_sets(3, WELL, 10);
    stand_run(1500, 5); /* the third is known now, and the others are */
    stand_run(15, 0);
    CHECK_EQUAL(stand_waiting(), 0);
    client_udp_send(1, 1, "slow.example");
    asked = upstream_expect_any(3);
    advance(60);
    upstream_answer(&asked);
    client_udp_expect_answer(1, 1, "slow.example");
    CHECK_COUNTED(upstream_hedges, 0);
    CHECK_COUNTED(upstream_hedges_denied, 0);
    stand_end();
}

TEST(shared_hedge, "a thousand equal questions share a hedge, and each has its answer")
{
    struct heard heard;
    struct asked asked;
    unsigned client, answered = 0;

    stand_start(LISTEN UPSTREAMS_TCP2);
    learn_what_is_usual();
    for (unsigned i = 0; i < 500; i++)
        client_udp_send(i, (uint16_t)i, "wanted.example");
    (void)upstream_expect_any(1);
    advance(18);
    for (unsigned i = 500; i < 1000; i++)
        client_udp_send(i, (uint16_t)i, "wanted.example");
    CHECK(!upstream_hears_any(1, &asked));
    asked = upstream_expect_any(2);
    upstream_answer(&asked);
    for (; client_udp_hears(&client, &heard); answered++)
        expect_answer(&heard, (uint16_t)client, "wanted.example");
    CHECK_EQUAL(answered, 1000);
    CHECK_COUNTED(upstream_joined, 999);
    CHECK_COUNTED(upstream_hedges, 1);
    stand_end();
}

/* Every second answer takes a tenth of a second for a while, then none does: no p95 keeps up. */
static void alternate(void)
{
    stand_slows(1, 2, 100);
    for (unsigned i = 0; i < 100; i++) {
        stand_asks(2);
        stand_run(1, 0);
    }
    stand_slows(1, 0, 0);
    for (unsigned i = 0; i < 400; i++) {
        stand_asks(2);
        stand_run(1, 0);
    }
}

TEST(budget,
     "of ten thousand questions one in twenty is asked twice at most, and some at the start")
{
    struct seen seen;

    stand_start(LISTEN UPSTREAMS_TCP2);
    stand_sets(1, WELL, 5);
    for (unsigned i = 0; i < 10; i++)
        alternate();
    stand_run(200, 0);
    seen = stand_looks();
    CHECK_EQUAL(seen.asked, 10000);
    CHECK_EQUAL(seen.answered, 10000);
    CHECK_COUNTED(upstream_moved, 0);
    CHECK_EQUAL(seen.heard[2], counted(METRIC_upstream_hedges));
    CHECK(seen.heard[2] > 100 && seen.heard[2] <= 10000 / 20 + 3);
    CHECK(counted(METRIC_upstream_hedges_denied) > 100);
    CHECK_COUNTED(upstream_wrong_answers, 0);
    stand_end();
}
