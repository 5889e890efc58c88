/* tests/replay/udp.c - upstreams that are asked in datagrams. */
#include "replay/script.h"

TEST(truncated, "a truncated response is not passed on: the question is repeated over TCP")
{
    struct asked asked;
    struct socket *to;

    replay_start(LISTEN UPSTREAM_UDP);
    client_udp_send(1, 3, "Long.example");
    asked = upstream_expect_datagram(1);
    upstream_answer_flags(&asked, DNS_TC);
    client_udp_expect_nothing();
    to = upstream_expect_connection(1);
    asked = upstream_expect_query(to);
    CHECK_TEXT(asked.name, "long.example.");
    upstream_answer(&asked);
    client_udp_expect_answer(1, 3, "Long.example");
    CHECK_COUNTED(upstream_answers, 1);
    CHECK_COUNTED(upstream_queries, 2);
    replay_end();
}

TEST(truncated_and_refused, "when TCP is refused the next upstream is asked")
{
    struct asked asked;

    replay_start(LISTEN UPSTREAMS_UDP2);
    client_udp_send(1, 3, "long.example");
    asked = upstream_expect_datagram(1);
    upstream_answer_flags(&asked, DNS_TC);
    upstream_refuse(1);
    asked = upstream_expect_datagram(2);
    upstream_answer(&asked);
    client_udp_expect_answer(1, 3, "long.example");
    replay_end();
}

TEST(lost_datagram,
     "a lost query is asked of the next upstream soon, of the same one when that is lost, too")
{
    struct asked asked;

    replay_start(LISTEN UPSTREAMS_UDP2);
    client_udp_send(1, 3, "lost.example");
    (void)upstream_expect_datagram(1); /* and nobody hears it */
    advance(90);
    upstream_expect_nothing(2);
    advance(20);
    (void)upstream_expect_datagram(2);
    advance(2000);
    asked = upstream_expect_datagram(1);
    upstream_answer(&asked);
    client_udp_expect_answer(1, 3, "lost.example");
    replay_end();
}

TEST(port_unreachable, "an ICMP error moves on at once")
{
    struct asked asked;

    replay_start(LISTEN UPSTREAMS_UDP2);
    client_udp_send(1, 3, "closed.example");
    asked = upstream_expect_datagram(1);
    upstream_reset(asked.on);
    asked = upstream_expect_datagram(2);
    upstream_answer(&asked);
    client_udp_expect_answer(1, 3, "closed.example");
    CHECK_EQUAL(now_ms(), 0);
    replay_end();
}

static void ask_and_answer(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        struct asked asked;

        client_udp_send(i, (uint16_t)i, "port.example");
        asked = upstream_expect_datagram(1);
        upstream_answer(&asked);
        client_udp_expect_answer(i, (uint16_t)i, "port.example");
    }
}

TEST(ports_change, "a socket is left after its last question, and its successor is another")
{
    replay_start(LISTEN UPSTREAM_UDP);
    ask_and_answer(1000);
    CHECK(upstream_connections(1) <= 1);
    CHECK_COUNTED(upstream_connections_opened, 1000 / 32 + 1);
    replay_end();
}

/* Thirty-two questions, of which the first is not answered before it is asked again. */
static void use_up_with_a_loss(void)
{
    struct asked asked;
    unsigned client;
    struct heard heard;

    client_udp_send(1, 1, "lost.example");
    (void)upstream_expect_datagram(1);
    for (unsigned i = 1; i < 32; i++) {
        advance(1);
        client_udp_send(2, (uint16_t)i, "port.example");
        asked = upstream_expect_datagram(1);
        upstream_answer(&asked);
        CHECK(client_udp_hears(&client, &heard));
    }
    advance(2010);
    upstream_serve(1); /* the second round */
    while (client_udp_hears(&client, &heard))
        ;
}

TEST(used_up_after_a_loss, "a used-up socket is left when its last question times out, too")
{
    replay_start(LISTEN UPSTREAM_UDP);
    for (unsigned i = 0; i < 150; i++)
        use_up_with_a_loss();
    CHECK(upstream_connections(1) <= 2);
    ask_and_answer(40);
    replay_end();
}

TEST(many_at_once, "a burst goes out over several sockets, at most 128, and all are answered")
{
    struct heard heard;
    unsigned client, answered = 0;

    replay_start(LISTEN UPSTREAM_UDP);
    for (unsigned i = 0; i < 6000; i++)
        client_udp_send(i, (uint16_t)i, numbered(i, "burst.example"));
    CHECK_EQUAL(upstream_connections(1), 128);
    upstream_serve(1);
    for (; client_udp_hears(&client, &heard); answered++)
        expect_answer(&heard, (uint16_t)client, numbered(client, "burst.example"));
    CHECK_EQUAL(answered, 6000);
    CHECK(upstream_connections(1) <= 1);
    replay_end();
}
