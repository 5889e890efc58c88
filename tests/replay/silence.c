/* tests/replay/silence.c - connections that are open and say nothing. */
#include "replay/stand.h"

static void learn_what_is_usual(void)
{
    stand_sets(1, WELL, 10);
    stand_run(400, 2);
    stand_run(20, 0);
    CHECK_EQUAL(stand_waiting(), 0);
    (void)stand_looks();
}

static unsigned hears_all(unsigned upstream)
{
    struct asked asked;
    unsigned count = 0;

    while (upstream_next_connection(upstream))
        upstream_accept(upstream_next_connection(upstream));
    while (upstream_hears_any(upstream, &asked))
        count++;
    return count;
}

TEST(many_are_moved, "when many questions wait, silence is noticed in some tens of milliseconds")
{
    struct seen seen;

    stand_start(LISTEN UPSTREAMS_TCP2);
    learn_what_is_usual();
    stand_sets(1, SILENT, 0);
    stand_asks(100);
    stand_run(60, 0); /* 40 ms, 8 ms of grace, and two ticks */
    seen = stand_looks();
    CHECK_EQUAL(seen.answered, 100);
    CHECK_COUNTED(upstream_connections_silent, 1);
    stand_end();
}

TEST(not_before, "and not before twice what is usual has passed, as long as that is")
{
    stand_start(LISTEN UPSTREAM_TCP);
    stand_sets(1, WELL, 80);
    stand_run(400, 2);
    stand_run(90, 0);
    stand_sets(1, SILENT, 0);
    stand_asks(100);
    stand_run(165, 0);
    CHECK_COUNTED(upstream_connections_silent, 0);
    stand_run(20, 0);
    CHECK_COUNTED(upstream_connections_silent, 1);
    stand_end();
}

TEST(lone_question, "a lone question waits four tenths of a second for its connection")
{
    struct asked asked;

    stand_start(LISTEN UPSTREAM_TCP);
    learn_what_is_usual();
    client_udp_send(1, 1, "lone.example");
    (void)upstream_expect_any(1);
    advance(395);
    CHECK_EQUAL(hears_all(1), 0);
    advance(25);
    asked = upstream_expect_any(1);
    CHECK_TEXT(asked.name, "lone.example.");
    upstream_answer(&asked);
    client_udp_expect_answer(1, 1, "lone.example");
    CHECK_COUNTED(upstream_connections_opened, 2);
    stand_end();
}

TEST(answers_after_all, "a connection that answers after all is used again")
{
    struct asked held[20], other;

    stand_start(LISTEN UPSTREAM_TCP);
    learn_what_is_usual();
    for (unsigned i = 0; i < 20; i++) {
        client_udp_send(i, (uint16_t)i, numbered(i, "held.example"));
        held[i] = upstream_expect_any(1);
    }
    advance(70);
    CHECK_COUNTED(upstream_connections_silent, 1);
    CHECK_EQUAL(hears_all(1), 20); /* on the second connection, which stays silent */
    for (unsigned i = 0; i < 20; i++) {
        upstream_answer(&held[i]);
        client_udp_expect_answer(i, (uint16_t)i, numbered(i, "held.example"));
    }
    client_udp_send(1, 1, "next.example");
    other = upstream_expect_query(held[0].on);
    upstream_answer(&other);
    client_udp_expect_answer(1, 1, "next.example");
    stand_end();
}

TEST(answers_too_late, "so it is when others have answered all its questions meanwhile")
{
    struct asked held[500], other;
    struct heard heard;
    unsigned client;

    stand_start(LISTEN UPSTREAMS_TCP2);
    learn_what_is_usual();
    for (unsigned i = 0; i < 500; i++) {
        client_udp_send(i, (uint16_t)i, numbered(i, "held.example"));
        held[i] = upstream_expect_any(1);
    }
    advance(70);
    upstream_serve(2);
    for (unsigned i = 0; i < 500; i++)
        CHECK(client_udp_hears(&client, &heard) && heard.rcode == RCODE_NOERROR);
    for (unsigned i = 0; i < 500; i++)
        upstream_answer(&held[i]);
    client_udp_expect_nothing();
    CHECK_COUNTED(upstream_late_answers, 500);
    CHECK_COUNTED(upstream_wrong_answers, 0);
    client_udp_send(1, 1, "probe.example"); /* its circuit is open: a copy closes it */
    upstream_serve(2);
    other = upstream_expect_query(held[0].on);
    upstream_answer(&other);
    client_udp_expect_answer(1, 1, "probe.example");
    client_udp_send(1, 1, "next.example");
    other = upstream_expect_query(held[0].on);
    upstream_answer(&other);
    client_udp_expect_answer(1, 1, "next.example");
    stand_end();
}

TEST(under_load, "one of two falls silent under load: no question fails, and soon none waits")
{
    struct seen seen;

    stand_start(LISTEN UPSTREAMS_TCP2);
    stand_sets(1, WELL, 10);
    stand_sets(2, WELL, 10);
    stand_run(1000, 1);
    (void)stand_looks();
    stand_sets(1, SILENT, 0);
    stand_run(100, 1);
    seen = stand_looks();
    CHECK_EQUAL(seen.failed, 0);
    CHECK(seen.worst_ms <= 80);
    stand_run(5000, 1);
    seen = stand_looks();
    CHECK_EQUAL(seen.failed, 0);
    CHECK(seen.answered >= 4990);
    CHECK(seen.worst_ms <= 12);
    stand_end();
}

TEST(again_and_again, "each time it falls silent that is noticed as soon as the first time")
{
    stand_start(LISTEN UPSTREAMS_TCP2);
    stand_sets(1, WELL, 10);
    stand_sets(2, WELL, 10);
    for (unsigned i = 0; i < 10; i++) {
        struct seen seen;

        stand_run(2000, 2);
        (void)stand_looks();
        stand_sets(1, SILENT, 0);
        stand_run(1000, 2);
        seen = stand_looks();
        CHECK_EQUAL(seen.failed, 0);
        CHECK(seen.worst_ms <= 90);
        stand_sets(1, WELL, 10);
    }
    stand_end();
}

TEST(far_away, "a far upstream that nobody knows yet is not doubted because many ask at once")
{
    struct seen seen;

    stand_start(LISTEN UPSTREAM_TCP);
    stand_sets(1, WELL, 150);
    stand_asks(100);
    stand_run(170, 0);
    seen = stand_looks();
    CHECK_EQUAL(seen.answered, 100);
    CHECK_EQUAL(seen.heard[1], 100);
    CHECK_COUNTED(upstream_connections_opened, 1);
    stand_end();
}

TEST(second_dies_too, "a question whose second connection ends does not wait for the silent one")
{
    struct socket *second;
    struct seen seen;

    stand_start(LISTEN UPSTREAMS_TCP2);
    stand_sets(2, WELL, 10);
    learn_what_is_usual();
    stand_sets(1, SILENT, 0);
    stand_sets(2, WELL, 200);
    stand_asks(20);
    stand_run(100, 0);
    second = upstream_any_connection(2);
    CHECK(second != NULL);
    upstream_close(second);
    stand_sets(2, WELL, 10);
    stand_run(300, 0);
    seen = stand_looks();
    CHECK_EQUAL(seen.failed, 0);
    CHECK_EQUAL(seen.answered, 20);
    stand_end();
}

TEST(two_of_three, "when two of three fall silent at once all questions reach the third")
{
    struct seen seen;

    stand_start(LISTEN UPSTREAMS_TCP3);
    for (unsigned u = 2; u <= 3; u++)
        stand_sets(u, WELL, 10);
    learn_what_is_usual();
    stand_sets(1, SILENT, 0);
    stand_sets(2, SILENT, 0);
    stand_asks(100);
    stand_run(600, 0);
    seen = stand_looks();
    CHECK_EQUAL(seen.answered, 100);
    stand_run(2000, 5);
    (void)stand_looks();
    stand_run(2000, 5);
    seen = stand_looks();
    CHECK_EQUAL(seen.failed, 0);
    CHECK(seen.worst_ms <= 12);
    stand_end();
}
