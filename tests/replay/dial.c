/* tests/replay/dial.c - which of a server's addresses is connected to: RFC 8305. */
#include "replay/names.h"

#define V6 (OVER_IPV6 + 1)
#define V4 1

static const struct hosts both = { .ipv4 = { V4 }, .ipv6 = { V6 } };

static void start_with(const struct hosts *hosts)
{
    replay_start(LISTEN BY_NAME);
    names_resolve(hosts, 86400);
}

/* One question and its answer over an accepted connection. */
static void talk(struct socket *to)
{
    struct asked asked = upstream_expect_query(to);

    upstream_answer(&asked);
    client_udp_expect_answer(1, 1, "www.example");
}

TEST(dial_prefers_ipv6, "IPv6 is tried first, and alone when it answers")
{
    start_with(&both);
    client_udp_send(1, 1, "www.example");
    upstream_expect_no_connection(V4);
    talk(upstream_expect_connection(V6));
    advance(1000);
    CHECK_EQUAL(upstream_connections(V4), 0);
    replay_end();
}

TEST(dial_staggers, "the next address is tried a quarter of a second after the one before")
{
    const struct hosts four = { .ipv4 = { 1, 2 }, .ipv6 = { OVER_IPV6 + 1, OVER_IPV6 + 2 } };

    start_with(&four);
    client_udp_send(1, 1, "www.example");
    CHECK_EQUAL(upstream_connections(OVER_IPV6 + 1), 1);
    advance(245);
    CHECK_EQUAL(upstream_connections(1), 0);
    advance(10);
    CHECK_EQUAL(upstream_connections(1), 1); /* the families by turns */
    CHECK_EQUAL(upstream_connections(OVER_IPV6 + 2), 0);
    advance(255);
    CHECK_EQUAL(upstream_connections(OVER_IPV6 + 2), 1);
    advance(255);
    CHECK_EQUAL(upstream_connections(2), 1);
    talk(upstream_expect_connection(2));
    replay_end();
}

TEST(dial_closes_losers, "the first that connects wins, whichever it is, and the others are closed")
{
    struct socket *slow, *won;

    start_with(&both);
    client_udp_send(1, 1, "www.example");
    slow = upstream_next_connection(V6);
    advance(260);
    won = upstream_expect_connection(V4);
    CHECK(slow->code_closed);
    CHECK(!won->code_closed);
    talk(won);
    replay_end();

    start_with(&both);
    client_udp_send(1, 1, "www.example");
    advance(260);
    slow = upstream_next_connection(V4);
    won = upstream_expect_connection(V6);
    CHECK(slow->code_closed);
    talk(won);
    replay_end();
}

TEST(dial_falls_through, "what is refused costs no time: the next address is tried at once")
{
    uint64_t begin;

    start_with(&both);
    begin = now_ms();
    client_udp_send(1, 1, "www.example");
    upstream_refuse(V6);
    talk(upstream_expect_connection(V4));
    CHECK_EQUAL(now_ms(), begin);
    CHECK_COUNTED(upstream_connections_failed, 0);
    replay_end();
}

TEST(dial_fails_once, "a connection has failed when every address has")
{
    start_with(&both);
    client_udp_send(1, 1, "www.example");
    upstream_refuse(V6);
    CHECK_COUNTED(upstream_connections_failed, 0);
    upstream_refuse(V4);
    CHECK_COUNTED(upstream_connections_failed, 1);
    CHECK_EQUAL(upstream_connections(V4) + upstream_connections(V6), 0);
    advance(6000);
    (void)client_udp_expect(1);
    replay_end();
}

TEST(dial_returns, "an address that failed is tried last for some seconds, then in its place again")
{
    struct socket *to;

    start_with(&both);
    client_udp_send(1, 1, "www.example");
    upstream_refuse(V6);
    to = upstream_expect_connection(V4);
    talk(to);
    upstream_close(to);
    client_udp_send(1, 1, "www.example");
    CHECK_EQUAL(upstream_connections(V6), 0);
    to = upstream_expect_connection(V4);
    talk(to);
    advance(6000);
    upstream_close(to);
    client_udp_send(1, 1, "www.example");
    CHECK_EQUAL(upstream_connections(V4), 0);
    talk(upstream_expect_connection(V6));
    replay_end();
}

TEST(dial_learns_from_silence, "an address that connects and never answers is tried last, too")
{
    struct asked asked;

    start_with(&both);
    client_udp_send(1, 1, "www.example");
    asked = upstream_expect_query(upstream_expect_connection(V6));
    upstream_close(asked.on);
    advance(200);
    CHECK_EQUAL(upstream_connections(V6), 0);
    talk(upstream_expect_connection(V4));
    replay_end();
}

TEST(dial_udp, "datagrams go to the best address, and to the next when that one is dead")
{
    struct asked asked;

    replay_start(LISTEN NO_CACHE "bootstrap: [udp://198.51.100.9]\n"
                                 "upstream: [{url: udp://dns.example}]\n");
    names_resolve(&both, 86400);
    client_udp_send(1, 1, "www.example");
    asked = upstream_expect_datagram(V6);
    upstream_expect_nothing(V4);
    upstream_reset(asked.on);
    advance(200);
    asked = upstream_expect_datagram(V4);
    upstream_answer(&asked);
    client_udp_expect_answer(1, 1, "www.example");
    replay_end();
}
