/* tests/replay/path.c - the machine moves or sleeps: its connections are replaced at once. */
#include "replay/script.h"

static struct socket *used_connection(void)
{
    struct socket *to;
    struct asked asked;

    client_udp_send(1, 1, "first.example");
    to = upstream_expect_connection(1);
    asked = upstream_expect_query(to);
    upstream_answer(&asked);
    client_udp_expect_answer(1, 1, "first.example");
    return to;
}

TEST(moved, "a machine with another address has a new connection before anybody asks")
{
    struct socket *to, *fresh;
    struct asked asked;

    replay_start(LISTEN UPSTREAM_TCP);
    to = used_connection();
    machine_moves(2);
    network_changes();
    advance(110);
    fresh = upstream_expect_connection(1);
    CHECK(to->code_closed);
    client_udp_send(1, 2, "second.example");
    asked = upstream_expect_query(fresh);
    upstream_answer(&asked);
    client_udp_expect_answer(1, 2, "second.example");
    CHECK_COUNTED(upstream_connections_opened, 2);
    replay_end();
}

TEST(moved_with_questions, "questions that were on their way are asked on the new connection")
{
    struct socket *fresh;
    struct asked asked;

    replay_start(LISTEN UPSTREAM_TCP);
    (void)used_connection();
    client_udp_send(1, 2, "travels.example");
    machine_moves(2);
    network_changes();
    advance(110);
    fresh = upstream_expect_connection(1);
    asked = upstream_expect_query(fresh);
    CHECK_TEXT(asked.name, "travels.example.");
    upstream_answer(&asked);
    client_udp_expect_answer(1, 2, "travels.example");
    replay_end();
}

TEST(nothing_moved, "a change that is none for a connection leaves it alone")
{
    struct socket *to;
    struct asked asked;

    replay_start(LISTEN UPSTREAM_TCP);
    to = used_connection();
    for (unsigned i = 0; i < 20; i++) {
        network_changes();
        advance(150);
    }
    upstream_expect_no_connection(1);
    client_udp_send(1, 2, "second.example");
    asked = upstream_expect_query(to);
    upstream_answer(&asked);
    client_udp_expect_answer(1, 2, "second.example");
    CHECK_COUNTED(upstream_connections_opened, 1);
    replay_end();
}

TEST(no_network, "a question that found no network is answered a moment after there is one")
{
    struct socket *to;
    struct asked asked;
    uint64_t back_ms;

    replay_start(LISTEN UPSTREAM_TCP);
    machine_moves(0);
    client_udp_send(1, 1, "offline.example");
    advance(1900);
    upstream_expect_no_connection(1);
    client_udp_expect_nothing();
    machine_moves(1);
    network_changes();
    back_ms = now_ms();
    while (!upstream_next_connection(1))
        advance(5);
    CHECK(now_ms() - back_ms <= 115);
    to = upstream_expect_connection(1);
    asked = upstream_expect_query(to);
    upstream_answer(&asked);
    client_udp_expect_answer(1, 1, "offline.example");
    replay_end();
}

TEST(slept, "after a sleep the first question does not try a connection of before")
{
    struct socket *to, *fresh;
    struct asked asked;

    replay_start(LISTEN UPSTREAM_TCP);
    to = used_connection();
    advance(1000);
    machine_sleeps(3600 * 1000);
    client_udp_send(1, 2, "awake.example");
    fresh = upstream_expect_connection(1);
    CHECK(!upstream_hears(to, &asked));
    asked = upstream_expect_query(fresh);
    upstream_answer(&asked);
    client_udp_expect_answer(1, 2, "awake.example");
    replay_end();
}

TEST(dozed, "a nap of a second changes nothing")
{
    struct socket *to;
    struct asked asked;

    replay_start(LISTEN UPSTREAM_TCP);
    to = used_connection();
    advance(1000);
    machine_sleeps(1000);
    client_udp_send(1, 2, "awake.example");
    asked = upstream_expect_query(to);
    upstream_answer(&asked);
    client_udp_expect_answer(1, 2, "awake.example");
    replay_end();
}
