/* tests/replay/time.c - clocks that jump. */
#include "replay/script.h"

#include "base/clock.h"

TEST(wall_clock, "the wall clock set a day forward or back changes no deadline and no timer")
{
    static const int64_t days[] = { 1, -1, 365, -3650 };

    for (size_t i = 0; i < sizeof days / sizeof days[0]; i++) {
        struct socket *client, *to;
        struct asked asked;
        struct heard heard;

        replay_start(LISTEN UPSTREAM_TCP);
        client = client_tcp_open(1);
        client_udp_send(1, 1, "day.example");
        to = upstream_expect_connection(1);
        asked = upstream_expect_query(to);
        set_wall_clock(days[i]);
        advance(1000);
        upstream_answer(&asked);
        client_udp_expect_answer(1, 1, "day.example");
        client_udp_send(1, 2, "silent.example");
        set_wall_clock(-days[i]);
        advance(4990);
        client_udp_expect_nothing();
        CHECK(!client->code_closed);
        advance(30);
        heard = client_udp_expect(1);
        CHECK_EQUAL(heard.rcode, RCODE_SERVFAIL);
        set_wall_clock(days[i]);
        advance(3970);
        CHECK(!client->code_closed);
        advance(30);
        CHECK(client->code_closed);
        replay_end();
    }
}

TEST(leap, "after an hour asleep what was due is done, and the service goes on")
{
    struct socket *client, *to;
    struct asked asked;
    struct heard heard;

    replay_start(LISTEN UPSTREAM_TCP);
    client = client_tcp_open(1);
    client_udp_send(1, 1, "sleep.example");
    to = upstream_expect_connection(1);
    (void)upstream_expect_query(to);
    leap(3600 * 1000);
    heard = client_udp_expect(1);
    CHECK_EQUAL(heard.rcode, RCODE_SERVFAIL);
    CHECK(client->code_closed);
    advance(200);
    client_udp_send(1, 2, "awake.example");
    (void)upstream_expect_query(to); /* and nobody is there any more */
    advance(450);
    to = upstream_expect_connection(1);
    asked = upstream_expect_query(to);
    upstream_answer(&asked);
    client_udp_expect_answer(1, 2, "awake.example");
    replay_end();
}

TEST(leap_with_answer, "an answer that lies there when we wake up is taken, late as it is")
{
    struct socket *to;
    struct asked asked;
    struct said answer;

    replay_start(LISTEN UPSTREAM_UDP);
    client_udp_send(1, 1, "nap.example");
    asked = upstream_expect_datagram(1);
    answer = say_answer(&asked, 0);
    to = asked.on;
    world_sends(&to->to_code, said_slice(&answer), &to->peer, NULL);
    leap(60 * 1000); /* the loop hears of answers before it hears of timers */
    client_udp_expect_answer(1, 1, "nap.example");
    replay_end();
}

TEST(long_idle, "a week without a query changes nothing")
{
    struct asked asked;

    replay_start(LISTEN UPSTREAM_UDP);
    for (unsigned i = 0; i < 7; i++)
        leap(86400 * 1000);
    client_udp_send(1, 1, "week.example");
    asked = upstream_expect_datagram(1);
    advance(1000);
    upstream_answer(&asked);
    client_udp_expect_answer(1, 1, "week.example");
    client_udp_send(1, 2, "silent.example");
    advance(4990);
    client_udp_expect_nothing();
    advance(20);
    CHECK_EQUAL(client_udp_expect(1).rcode, RCODE_SERVFAIL);
    replay_end();
}

TEST(machine_slept, "a machine that slept has missed no deadline, and its clock of boot tells so")
{
    uint64_t gained;
    struct socket *to;
    struct asked asked;

    replay_start(LISTEN UPSTREAM_TCP);
    client_udp_send(1, 1, "nap.example");
    to = upstream_expect_connection(1);
    asked = upstream_expect_query(to);
    gained = clock_boot_ns() - clock_monotonic_ns();
    machine_sleeps(3600 * 1000);
    gained = clock_boot_ns() - clock_monotonic_ns() - gained;
    CHECK_EQUAL(gained, 3600 * NS_PER_S);
    CHECK_EQUAL(now_ms(), 0);
    client_udp_expect_nothing();
    upstream_answer(&asked);
    upstream_serve(1); /* should it have been asked anew */
    client_udp_expect_answer(1, 1, "nap.example");
    replay_end();
}
