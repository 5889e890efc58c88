/* tests/replay/economy.c - how many connections there are. */
#include "replay/stand.h"

#define EXTRA 5 /* those that are on their way out */

TEST(cold_burst, "a burst of ten thousand questions on a cold start opens the configured number")
{
    struct seen seen;

    stand_start(LISTEN UPSTREAM_TCP);
    stand_sets(1, WELL, 20);
    stand_asks(10000);
    stand_run(400, 0);
    seen = stand_looks();
    CHECK_EQUAL(seen.answered, 10000);
    CHECK_EQUAL(seen.opened[1], 2);
    CHECK_EQUAL(seen.most_open[1], 2);
    stand_end();
}

TEST(few_extra, "while an upstream is silent or unreachable connections to it stay few")
{
    static const enum behaviour faults[] = { SILENT, BLACKHOLE };

    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        struct seen seen;

        stand_start(LISTEN UPSTREAMS_TCP2);
        for (unsigned u = 1; u <= 2; u++)
            stand_sets(u, faults[i], 0);
        stand_run(20000, 10);
        seen = stand_looks();
        CHECK(seen.most_open[1] <= 2 + EXTRA && seen.most_open[2] <= 2 + EXTRA);
        CHECK_EQUAL(seen.answered, 0);
        stand_end();
    }
}

TEST(no_flapping, "an upstream that is well has one connection, however long it is asked")
{
    struct seen seen;

    stand_start(LISTEN UPSTREAMS_TCP2);
    stand_sets(1, WELL, 10);
    stand_run(60000, 3);
    seen = stand_looks();
    CHECK_EQUAL(seen.asked, seen.answered + stand_waiting());
    CHECK_EQUAL(seen.opened[1], 1);
    CHECK_EQUAL(seen.heard[2], 0);
    stand_end();
}

TEST(truncated_and_far,
     "a truncated response waits for a far connection over TCP as long as for any")
{
    struct asked asked;
    struct heard heard;

    replay_start(LISTEN UPSTREAM_UDP);
    client_udp_send(1, 3, "long.example");
    asked = upstream_expect_datagram(1);
    upstream_answer_flags(&asked, DNS_TC);
    advance(300); /* the handshake of a datagram socket takes no time, and says nothing of TCP */
    asked = upstream_expect_query(upstream_expect_connection(1));
    upstream_answer(&asked);
    heard = client_udp_expect(1);
    expect_answer(&heard, 3, "long.example");
    CHECK_COUNTED(upstream_queries, 2);
    replay_end();
}
