/* tests/replay/idle.c - connections that servers close when nothing was asked for a while. */
#include "replay/stand.h"

#define LIMIT_MS 10000

/* One question with its answer, over `to`. */
static void talk_on(struct socket *to)
{
    struct asked asked;

    client_udp_send(1, 1, "www.example");
    asked = upstream_expect_query(to);
    upstream_answer(&asked);
    client_udp_expect_answer(1, 1, "www.example");
}

static struct socket *first_connection(void)
{
    struct socket *to;
    struct asked asked;

    client_udp_send(1, 1, "www.example");
    to = upstream_expect_connection(1);
    asked = upstream_expect_query(to);
    upstream_answer(&asked);
    client_udp_expect_answer(1, 1, "www.example");
    return to;
}

/* The server closes what was idle for ten seconds, twice. */
static struct socket *learn(void)
{
    struct socket *to = first_connection();

    for (unsigned i = 0; i < 2; i++) {
        advance(LIMIT_MS);
        upstream_close(to);
        to = upstream_expect_connection(1); /* nobody asks, but somebody may */
        talk_on(to);
    }
    return to;
}

TEST(ready_for_the_next,
     "a connection that was closed for being idle is replaced before somebody asks")
{
    struct socket *to;

    replay_start(LISTEN UPSTREAM_TCP);
    to = first_connection();
    advance(LIMIT_MS);
    upstream_close(to);
    to = upstream_expect_connection(1);
    talk_on(to);
    CHECK_COUNTED(upstream_connections_failed, 0);
    replay_end();
}

TEST(learned, "when that is known the next one is made before the server breaks the old one")
{
    struct socket *old, *fresh;

    replay_start(LISTEN UPSTREAM_TCP);
    old = learn();
    advance(LIMIT_MS * 3 / 4 - 10);
    upstream_expect_no_connection(1);
    advance(30);
    CHECK(!old->code_closed);
    fresh = upstream_expect_connection(1);
    CHECK(old->code_closed && !fresh->code_closed);
    talk_on(fresh);
    replay_end();
}

TEST(never_dead, "for two minutes no question meets a dead connection, and then nobody renews it")
{
    uint64_t until_ms, opened;

    replay_start(LISTEN UPSTREAM_TCP);
    (void)learn();
    until_ms = now_ms() + 115000;
    while (now_ms() < until_ms) { /* each lasts ten seconds, used or not */
        uint64_t end_ms = now_ms() + LIMIT_MS;
        struct socket *to = upstream_any_connection(1);

        CHECK(to != NULL);
        while (now_ms() < end_ms) {
            advance(10);
            while (upstream_next_connection(1))
                upstream_accept(upstream_next_connection(1));
            CHECK(upstream_any_connection(1) != NULL);
        }
        if (!to->code_closed)
            upstream_close(to);
    }
    talk_on(upstream_any_connection(1));
    advance(125000);
    opened = counted(METRIC_upstream_connections_opened);
    advance(600000);
    CHECK_EQUAL(counted(METRIC_upstream_connections_opened), opened);
    replay_end();
}

TEST(told, "what a server says of its patience counts at once")
{
    struct socket *old, *fresh;
    struct asked asked;

    replay_start(LISTEN UPSTREAM_TCP);
    client_udp_send(1, 1, "www.example");
    old = upstream_expect_connection(1);
    asked = upstream_expect_query(old);
    upstream_answer_keepalive(&asked, 50); /* five seconds */
    client_udp_expect_answer(1, 1, "www.example");
    advance(3000);
    upstream_expect_no_connection(1);
    advance(800);
    fresh = upstream_expect_connection(1);
    CHECK(old->code_closed);
    talk_on(fresh);
    replay_end();
}

TEST(leaves, "a server that says it leaves is asked what is new over another connection")
{
    struct socket *old, *fresh;
    struct asked first, second, third;

    replay_start(LISTEN UPSTREAM_TCP);
    client_udp_send(1, 1, "one.example");
    client_udp_send(1, 2, "two.example");
    old = upstream_expect_connection(1);
    first = upstream_expect_query(old);
    second = upstream_expect_query(old);
    upstream_answer_keepalive(&first, 0);
    client_udp_expect_answer(1, 1, "one.example");
    fresh = upstream_expect_connection(1);
    CHECK(!old->code_closed); /* what it has it may still answer */
    client_udp_send(1, 3, "three.example");
    third = upstream_expect_query(fresh);
    upstream_answer(&second);
    client_udp_expect_answer(1, 2, "two.example");
    CHECK(old->code_closed);
    upstream_answer(&third);
    client_udp_expect_answer(1, 3, "three.example");
    CHECK_COUNTED(upstream_moved, 0);
    replay_end();
}

TEST(over_udp, "over UDP a server cannot say such a thing")
{
    struct asked asked;

    replay_start(LISTEN UPSTREAM_UDP);
    client_udp_send(1, 1, "one.example");
    asked = upstream_expect_datagram(1);
    upstream_answer_keepalive(&asked, 0);
    client_udp_expect_answer(1, 1, "one.example");
    CHECK(!asked.on->code_closed);
    CHECK_COUNTED(upstream_connections_opened, 1);
    replay_end();
}
