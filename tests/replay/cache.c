/* tests/replay/cache.c - what is remembered on the walk: fresh, expired, fetched anew, kept from.
 */
#include "replay/script.h"

#define CACHED  "upstream: [{url: tcp://198.51.100.1}]\n"
#define TTL     60 /* of the answers of these upstreams */
#define SECONDS 1000

static struct heard ask(unsigned client, const char *name)
{
    client_udp_send(client, 7, name);
    return client_udp_expect(client);
}

/* The worker knows `name` then, and has a connection to its upstream. */
static void remember(const char *name)
{
    client_udp_send(1, 1, name);
    upstream_serve(1);
    client_udp_expect_answer(1, 1, name);
}

TEST(cache_answers,
     "what was asked once is answered at once, in the asker's letter case, TTL counted down")
{
    struct heard heard;

    replay_start(LISTEN CACHED);
    remember("www.example");
    advance(10 * SECONDS);
    heard = ask(2, "WWW.example");
    expect_answer(&heard, 7, "WWW.example");
    CHECK(heard.ttl == TTL - 10 || heard.ttl == TTL - 11);
    upstream_expect_nothing(1);
    CHECK_COUNTED(cache_hits, 1);
    CHECK_COUNTED(upstream_queries, 1);
    replay_end();
}

TEST(cache_serves_tcp, "an answer that came for a datagram serves a connection, too")
{
    struct socket *client;

    replay_start(LISTEN CACHED);
    remember("www.example");
    client = client_tcp_open(3);
    client_tcp_send(client, 9, "www.example");
    client_tcp_expect_answer(client, 9, "www.example");
    CHECK_COUNTED(upstream_queries, 1);
    client_tcp_close(client);
    replay_end();
}

TEST(cache_expires, "an expired answer is asked for anew")
{
    replay_start(LISTEN CACHED);
    remember("www.example");
    advance((TTL + 2) * SECONDS);
    client_udp_send(2, 2, "www.example");
    upstream_serve(1);
    client_udp_expect_answer(2, 2, "www.example");
    CHECK_COUNTED(cache_misses, 2);
    CHECK_COUNTED(upstream_queries, 2);
    replay_end();
}

TEST(stale_after_a_while,
     "an expired answer serves when no upstream has answered after 1.8 s, not before")
{
    struct heard heard;
    struct socket *to;
    struct asked asked;

    replay_start(LISTEN CACHED "group: [{timeout: 4s}]\n");
    client_udp_send(1, 1, "www.example");
    to = upstream_expect_connection(1);
    asked = upstream_expect_query(to);
    upstream_answer(&asked);
    client_udp_expect_answer(1, 1, "www.example");
    advance((TTL + 2) * SECONDS);
    client_udp_send(2, 2, "www.example");
    advance(1790);
    client_udp_expect_nothing();
    advance(20);
    heard = client_udp_expect(2);
    expect_answer(&heard, 2, "www.example");
    CHECK_EQUAL(heard.ttl, 30);
    CHECK(heard.has_ede && heard.ede == EDE_STALE_ANSWER);
    asked = upstream_expect_query(to); /* the question went on: its answer is kept */
    upstream_answer(&asked);
    heard = ask(3, "www.example");
    expect_answer(&heard, 7, "www.example");
    CHECK(heard.ttl > 30 && !heard.has_ede);
    CHECK_COUNTED(cache_stale, 1);
    CHECK_COUNTED(upstream_queries, 2);
    replay_end();
}

TEST(stale_on_failure, "when the upstreams have failed an expired answer serves at once for 30 s")
{
    struct heard heard;

    replay_start(LISTEN CACHED "cache: {stale_after: 60s}\n");
    remember("www.example");
    advance((TTL + 2) * SECONDS);
    client_udp_send(2, 2, "www.example");
    advance(5010); /* silence until the deadline */
    heard = client_udp_expect(2);
    expect_answer(&heard, 2, "www.example");
    CHECK(heard.has_ede && heard.ede == EDE_STALE_ANSWER);
    heard = ask(3, "www.example");
    expect_answer(&heard, 7, "www.example");
    CHECK_COUNTED(cache_stale, 2);
    advance(31 * SECONDS);
    client_udp_send(4, 4, "www.example"); /* and then somebody asks again */
    client_udp_expect_nothing();
    upstream_serve(1);
    heard = client_udp_expect(4);
    CHECK(!heard.has_ede && heard.ttl > 30);
    replay_end();
}

TEST(failure_is_remembered,
     "that nobody answered is remembered for a moment: a dead upstream is not asked by all")
{
    struct heard heard;

    replay_start(LISTEN CACHED);
    client_udp_send(1, 1, "dead.example");
    advance(5010);
    heard = client_udp_expect(1);
    CHECK_EQUAL(heard.rcode, RCODE_SERVFAIL);
    heard = ask(2, "dead.example");
    expect_servfail(&heard, 7, EDE_CACHED_ERROR, "it failed a moment ago");
    CHECK_COUNTED(cache_hits, 1);
    advance(6 * SECONDS);
    client_udp_send(3, 3, "dead.example");
    client_udp_expect_nothing();
    upstream_serve(1);
    client_udp_expect_answer(3, 3, "dead.example");
    replay_end();
}

TEST(prefetch_once,
     "a popular answer is fetched anew, once, before it expires, and nobody waits for it")
{
    struct heard heard;
    struct socket *to;
    struct asked asked;

    replay_start(LISTEN CACHED);
    client_udp_send(1, 1, "www.example");
    to = upstream_expect_connection(1);
    asked = upstream_expect_query(to);
    upstream_answer(&asked);
    client_udp_expect_answer(1, 1, "www.example");
    for (unsigned i = 0; i < 3; i++)
        (void)ask(2, "www.example");
    CHECK(!upstream_hears(to, &asked));
    advance((TTL - 4) * SECONDS);
    for (unsigned i = 0; i < 5; i++) {
        heard = ask(3, "www.example");
        CHECK(heard.ttl <= 5);
    }
    asked = upstream_expect_query(to);
    CHECK(!upstream_hears(to, &asked));
    CHECK_COUNTED(cache_prefetches, 1);
    upstream_answer(&asked);
    heard = ask(4, "www.example");
    CHECK(heard.ttl > TTL / 2);
    replay_end();
}

TEST(unpopular_is_left, "an answer that nobody asks for again is not fetched anew")
{
    struct heard heard;

    replay_start(LISTEN CACHED);
    remember("rare.example");
    advance((TTL - 4) * SECONDS);
    heard = ask(2, "rare.example");
    CHECK(heard.ttl <= 5);
    CHECK_COUNTED(cache_prefetches, 0);
    CHECK_COUNTED(upstream_queries, 1);
    replay_end();
}

TEST(cd_is_apart, "what was answered unchecked (CD) never serves who wants it checked")
{
    static const uint8_t unchecked[] = "\0\1\1\x10\0\1\0\0\0\0\0\0\3www\7example\0\0\1\0\1";

    replay_start(LISTEN CACHED);
    client_udp_send_bytes(1, slice_of(unchecked, sizeof unchecked - 1));
    upstream_serve(1);
    (void)client_udp_expect(1);
    client_udp_send(2, 2, "www.example");
    client_udp_expect_nothing();
    upstream_serve(1);
    client_udp_expect_answer(2, 2, "www.example");
    CHECK_COUNTED(cache_hits, 0);
    replay_end();
}

TEST(no_recursion_is_apart,
     "what was asked without recursion (RD) neither fills the cache nor reads it")
{
    static const uint8_t plain[] = "\0\1\0\0\0\1\0\0\0\0\0\0\3www\7example\0\0\1\0\1";

    replay_start(LISTEN CACHED);
    for (unsigned i = 0; i < 2; i++) {
        client_udp_send_bytes(1, slice_of(plain, sizeof plain - 1));
        upstream_serve(1);
        (void)client_udp_expect(1);
        client_udp_send(2, 2, "www.example");
        upstream_serve(1);
        client_udp_expect_answer(2, 2, "www.example");
    }
    CHECK_COUNTED(cache_hits, 1); /* the second of those who wanted recursion */
    CHECK_COUNTED(upstream_queries, 3);
    replay_end();
}

TEST(ad_is_kept, "AD reaches who asks for it, also when the one before did not")
{
    static const uint8_t with_ad[] = "\0\2\1\x20\0\1\0\0\0\0\0\0\3www\7example\0\0\1\0\1";
    struct socket *to;
    struct asked asked;

    replay_start(LISTEN CACHED);
    client_udp_send(1, 1, "www.example");
    to = upstream_expect_connection(1);
    asked = upstream_expect_query(to);
    CHECK(asked.flags & DNS_AD);
    upstream_answer_flags(&asked, DNS_QR | DNS_RD | DNS_RA | DNS_AD);
    CHECK(!(client_udp_expect(1).flags & DNS_AD));
    client_udp_send_bytes(2, slice_of(with_ad, sizeof with_ad - 1));
    CHECK(client_udp_expect(2).flags & DNS_AD);
    CHECK_COUNTED(cache_hits, 1);
    replay_end();
}

TEST(cache_survives_reload, "a reload keeps what is remembered")
{
    struct heard heard;

    replay_start(LISTEN CACHED);
    remember("www.example");
    CHECK_EQUAL(replay_reload(LISTEN CACHED "limit: {tcp_idle: 30s}\n"), OK);
    heard = ask(2, "www.example");
    expect_answer(&heard, 7, "www.example");
    CHECK_COUNTED(cache_hits, 1);
    replay_end();
}

TEST(wall_clock_is_nothing, "a wall clock that is set a day forth or back ages nothing")
{
    struct heard heard;

    replay_start(LISTEN CACHED);
    remember("www.example");
    set_wall_clock(1);
    heard = ask(2, "www.example");
    CHECK(heard.ttl >= TTL - 1);
    set_wall_clock(-2);
    heard = ask(2, "www.example");
    CHECK(heard.ttl >= TTL - 1);
    CHECK_COUNTED(cache_hits, 2);
    replay_end();
}
