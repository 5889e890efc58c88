/* tests/replay/servfail.c - upstreams that say SERVFAIL or REFUSED. */
#include "replay/stand.h"

static void expect_failure_of_theirs(unsigned client, uint16_t id, enum dns_rcode rcode)
{
    const struct heard heard = client_udp_expect(client);

    CHECK_EQUAL(heard.id, id);
    CHECK_EQUAL(heard.rcode, rcode);
    CHECK(heard.has_ede);
    CHECK_EQUAL(heard.ede, UPSTREAM_EDE);
    CHECK_TEXT(heard.ede_text, UPSTREAM_TEXT);
}

TEST(next_is_asked, "what one upstream answers with SERVFAIL or REFUSED is asked of the next")
{
    static const enum dns_rcode rcodes[] = { RCODE_SERVFAIL, RCODE_REFUSED };

    for (size_t i = 0; i < sizeof rcodes / sizeof rcodes[0]; i++) {
        struct asked asked;

        replay_start(LISTEN UPSTREAMS_TCP2);
        client_udp_send(1, 7, "bad.example");
        asked = upstream_expect_any(1);
        upstream_fail(&asked, rcodes[i]);
        client_udp_expect_nothing();
        asked = upstream_expect_any(2);
        upstream_answer(&asked);
        client_udp_expect_answer(1, 7, "bad.example");
        CHECK_EQUAL(now_ms(), 0);
        CHECK_COUNTED(upstream_retries, 1);
        replay_end();
    }
}

TEST(nxdomain, "that a name does not exist is an answer: nobody else is asked")
{
    struct asked asked;

    replay_start(LISTEN UPSTREAMS_TCP2);
    client_udp_send(1, 7, "no.example");
    asked = upstream_expect_any(1);
    upstream_fail(&asked, RCODE_NXDOMAIN);
    expect_failure_of_theirs(1, 7, RCODE_NXDOMAIN);
    upstream_expect_nothing(2);
    replay_end();
}

TEST(all_say_so, "when all say SERVFAIL the client gets theirs at once, with what it explains")
{
    struct asked asked;

    replay_start(LISTEN UPSTREAMS_TCP2);
    client_udp_send(1, 7, "bogus.example");
    asked = upstream_expect_any(1);
    upstream_fail(&asked, RCODE_SERVFAIL);
    asked = upstream_expect_any(2);
    upstream_fail(&asked, RCODE_SERVFAIL);
    expect_failure_of_theirs(1, 7, RCODE_SERVFAIL);
    CHECK_EQUAL(now_ms(), 0);
    replay_end();
}

TEST(lone_one_says_so, "and so it is when there is one upstream")
{
    struct asked asked;

    replay_start(LISTEN UPSTREAM_TCP);
    client_udp_send(1, 7, "bogus.example");
    asked = upstream_expect_any(1);
    upstream_fail(&asked, RCODE_SERVFAIL);
    expect_failure_of_theirs(1, 7, RCODE_SERVFAIL);
    CHECK(!upstream_hears_any(1, &asked));
    CHECK_EQUAL(now_ms(), 0);
    replay_end();
}

TEST(three_are_believed, "when three say SERVFAIL a fourth is not asked")
{
    struct asked asked;

    replay_start(LISTEN NO_CACHE "upstream: [{url: tcp://198.51.100.1}, {url: tcp://198.51.100.2},"
                                 "{url: tcp://198.51.100.3}, {url: tcp://198.51.100.4}]\n");
    client_udp_send(1, 7, "bogus.example");
    for (unsigned u = 1; u <= 3; u++) {
        client_udp_expect_nothing();
        asked = upstream_expect_any(u);
        upstream_fail(&asked, RCODE_SERVFAIL);
    }
    expect_failure_of_theirs(1, 7, RCODE_SERVFAIL);
    upstream_expect_nothing(4);
    replay_end();
}

TEST(other_goes_on, "a SERVFAIL does not end a question that another upstream still works on")
{
    struct asked first, second;

    replay_start(LISTEN UPSTREAMS_TCP2);
    client_udp_send(1, 7, "slow.example");
    first = upstream_expect_any(1);
    advance(110);
    second = upstream_expect_any(2);
    upstream_fail(&second, RCODE_SERVFAIL);
    client_udp_expect_nothing();
    upstream_answer(&first);
    client_udp_expect_answer(1, 7, "slow.example");
    replay_end();
}

TEST(last_resort, "a SERVFAIL is told, as it came, when nobody else answers in time")
{
    struct asked asked;

    replay_start(LISTEN UPSTREAMS_TCP2);
    client_udp_send(1, 7, "bogus.example");
    asked = upstream_expect_any(1);
    upstream_fail(&asked, RCODE_SERVFAIL);
    (void)upstream_expect_any(2);
    advance(1900);
    client_udp_expect_nothing();
    advance(3110);
    expect_failure_of_theirs(1, 7, RCODE_SERVFAIL);
    CHECK(now_ms() <= 5010);
    replay_end();
}

TEST(blamed, "who says SERVFAIL where others answer is asked no more, until it answers a probe")
{
    struct seen seen;

    stand_start(LISTEN UPSTREAMS_TCP2);
    stand_run(100, 5);
    stand_sets(1, FAILING, 1);
    stand_run(300, 5);
    seen = stand_looks();
    CHECK_EQUAL(seen.failed, 0);
    stand_run(5000, 5);
    seen = stand_looks();
    CHECK_EQUAL(seen.answered, 1000);
    CHECK(seen.worst_ms <= 3);
    CHECK(seen.heard[1] >= 4 && seen.heard[1] <= 12); /* one each pause, the longest is a second */
    stand_sets(1, WELL, 1);
    stand_run(1050, 5);
    (void)stand_looks();
    stand_run(1000, 5);
    seen = stand_looks();
    CHECK_EQUAL(seen.heard[1], 200);
    CHECK_EQUAL(seen.heard[2], 0);
    stand_end();
}

TEST(nobody_is_blamed, "names that fail everywhere are nobody's fault")
{
    struct seen seen;

    stand_start(LISTEN UPSTREAMS_TCP2);
    stand_sets(1, FAILING, 1);
    stand_sets(2, FAILING, 1);
    stand_run(1000, 5);
    seen = stand_looks();
    CHECK_EQUAL(seen.failed, 200);
    CHECK(seen.latest_ms <= 5);
    stand_sets(1, WELL, 1);
    stand_sets(2, WELL, 1);
    stand_run(1000, 5);
    seen = stand_looks();
    CHECK_EQUAL(seen.answered, 200);
    CHECK(seen.heard[1] >= 199);
    stand_end();
}

TEST(some_names_fail, "an upstream that fails at one name in twenty is still asked first")
{
    struct seen seen;

    stand_start(LISTEN UPSTREAMS_TCP2);
    for (unsigned i = 0; i < 100; i++) {
        stand_run(19, 1);
        stand_sets(1, FAILING, 1);
        stand_run(1, 1);
        stand_sets(1, WELL, 1);
    }
    seen = stand_looks();
    CHECK_EQUAL(seen.failed, 0);
    CHECK(seen.heard[1] > 1950);
    CHECK(seen.heard[2] >= 50);
    stand_end();
}
