/* tests/replay/cookies.c - cookies on the walk, and days that pass. */
#include "replay/script.h"

#include "base/clock.h"
#include "dns/cookie.h"

#define GUARDED       "limit: {mode: enforce, allow: [192.0.2.0/24], rate: 0/s}\n"
#define REQUIRED      "limit: {mode: enforce, allow: [192.0.2.0/24], rate: 0/s, cookies: require}\n"
#define CACHED        "upstream: [{url: tcp://198.51.100.1}]\n"
#define SECONDS       1000
#define MINUTES       (60 * SECONDS)
#define CLIENTS_HALF  slice_of("\1\2\3\4\5\6\7\x8", 8)
#define OTHER_ADDRESS 60001 /* a client */

static uint8_t jar[COOKIE_SIZE];

static void send_with(unsigned client, struct slice cookie)
{
    const struct said query = say_query_with_cookie(7, "www.example", cookie);

    client_udp_send_bytes(client, said_slice(&query));
}

/* Keeps the cookie of the response. */
static struct heard expect_cookie(unsigned client)
{
    struct heard heard = client_udp_expect(client);

    CHECK_EQUAL(heard.cookie_len, COOKIE_SIZE);
    CHECK_BYTES(heard.cookie, CLIENTS_HALF.data, COOKIE_CLIENT_SIZE);
    memcpy(jar, heard.cookie, sizeof jar);
    return heard;
}

/* Asks with what is in the jar; whether that was good. The response, and the jar, have the next. */
static bool is_good(unsigned client)
{
    uint64_t before = counted(METRIC_cookies_good);

    send_with(client, slice_of(jar, sizeof jar));
    upstream_serve(1);
    expect_cookie(client);
    return counted(METRIC_cookies_good) > before;
}

/* Fills the jar. */
static void get_cookie(unsigned client)
{
    send_with(client, CLIENTS_HALF);
    upstream_serve(1);
    expect_cookie(client);
}

static bool is_kept(const uint8_t *cookie)
{
    return memcmp(jar, cookie, sizeof jar) == 0;
}

TEST(cookie_waits, "a query that waited for its upstream has its cookie in the response")
{
    struct socket *client, *to;
    struct asked asked;
    struct heard heard;
    const struct said query = say_query_with_cookie(9, "tcp.example", CLIENTS_HALF);
    const struct said on_stream = framed(said_slice(&query));

    replay_start(LISTEN UPSTREAM_TCP GUARDED);
    send_with(1, CLIENTS_HALF);
    to = upstream_expect_connection(1);
    asked = upstream_expect_query(to);
    client_udp_send(2, 8, "other.example"); /* into the same buffer */
    advance(100);
    upstream_answer(&asked);
    heard = expect_cookie(1);
    expect_answer(&heard, 7, "www.example");
    asked = upstream_expect_query(to);
    upstream_answer(&asked);
    CHECK_EQUAL(client_udp_expect(2).cookie_len, 0);
    client = client_tcp_open(3);
    client_tcp_send_bytes(client, said_slice(&on_stream));
    upstream_serve(1);
    heard = client_tcp_expect(client);
    expect_answer(&heard, 9, "tcp.example");
    CHECK_EQUAL(heard.cookie_len, COOKIE_SIZE);
    client_tcp_close(client);
    replay_end();
}

TEST(cookie_from_cache,
     "a hit, an expired answer and a failure bear the asker's cookie, not another's")
{
    struct heard heard;

    replay_start(LISTEN CACHED GUARDED);
    get_cookie(1);
    CHECK(is_good(1));
    CHECK_COUNTED(cache_hits, 1);
    client_udp_send(2, 8, "www.example");
    heard = client_udp_expect(2);
    expect_answer(&heard, 8, "www.example");
    CHECK_EQUAL(heard.cookie_len, 0);
    advance(62 * SECONDS);
    send_with(1, CLIENTS_HALF);
    advance(1900);
    heard = expect_cookie(1);
    CHECK(heard.has_ede && heard.ede == EDE_STALE_ANSWER);
    CHECK_COUNTED(cache_stale, 1);
    advance(5 * SECONDS);
    replay_end();
    replay_start(LISTEN UPSTREAM_TCP GUARDED);
    send_with(1, CLIENTS_HALF);
    upstream_refuse_for(1, 5010);
    CHECK_EQUAL(expect_cookie(1).rcode, RCODE_SERVFAIL);
    replay_end();
}

TEST(cookie_errors,
     "who may not ask, and who asks what is not possible, gets a cookie all the same")
{
    struct said query = say_query_with_cookie(7, "www.example", CLIENTS_HALF);

    replay_start(LISTEN UPSTREAM_TCP "limit: {mode: enforce, allow: [198.51.100.0/24]}\n");
    client_udp_send_bytes(1, said_slice(&query));
    CHECK_EQUAL(expect_cookie(1).rcode, RCODE_REFUSED);
    replay_end();
    replay_start(LISTEN UPSTREAM_TCP GUARDED);
    query.bytes[12 + 13 + 1] = TYPE_AXFR;
    client_udp_send_bytes(1, said_slice(&query));
    CHECK_EQUAL(expect_cookie(1).rcode, RCODE_REFUSED);
    query.bytes[query.len++] = 0;
    client_udp_send_bytes(1, said_slice(&query));
    CHECK_EQUAL(expect_cookie(1).rcode, RCODE_FORMERR);
    replay_end();
}

TEST(cookie_badvers, "options of another version of EDNS are not read, and no cookie is in them")
{
    struct said query = say_query_with_cookie(7, "www.example", CLIENTS_HALF);
    struct heard heard;

    replay_start(LISTEN UPSTREAM_TCP GUARDED);
    query.bytes[12 + 13 + 4 + 6] = 1;
    client_udp_send_bytes(1, said_slice(&query));
    heard = client_udp_expect(1);
    CHECK_EQUAL(heard.rcode, RCODE_BADVERS);
    CHECK_EQUAL(heard.cookie_len, 0);
    replay_end();
}

TEST(faults_are_limited, "what is wrong with a query is told to who may ask, within the limits")
{
    struct said query = say_query(7, "www.example");
    unsigned client;
    struct heard heard;

    query.bytes[12 + 13 + 1] = TYPE_AXFR;
    replay_start(LISTEN UPSTREAM_TCP
                 "limit: {mode: enforce, allow: [198.51.100.0/24], denied: drop}\n");
    client_udp_send_bytes(1, said_slice(&query));
    client_udp_expect_nothing();
    CHECK_COUNTED(queries_dropped_policy, 1);
    replay_end();
    replay_start(LISTEN UPSTREAM_TCP "limit: {mode: enforce, allow: [192.0.2.0/24], rate: 1/s,"
                                     " burst: 3, over: drop}\n");
    for (unsigned i = 0; i < 10; i++)
        client_udp_send_bytes(1, said_slice(&query));
    for (unsigned i = 0; i < 3; i++) {
        CHECK(client_udp_hears(&client, &heard));
        CHECK_EQUAL(heard.rcode, RCODE_REFUSED);
    }
    client_udp_expect_nothing();
    replay_end();
}

TEST(cookie_life, "a cookie is kept for half an hour, then renewed, and good for an hour")
{
    uint8_t first[COOKIE_SIZE], second[COOKIE_SIZE];

    replay_start(LISTEN UPSTREAM_TCP GUARDED);
    get_cookie(1);
    memcpy(first, jar, sizeof first);
    advance(30 * MINUTES);
    CHECK(is_good(1) && is_kept(first));
    advance(1 * SECONDS);
    CHECK(is_good(1) && !is_kept(first));
    memcpy(second, jar, sizeof second);
    memcpy(jar, first, sizeof jar);
    advance(29 * MINUTES + 59 * SECONDS);
    CHECK(is_good(1) && !is_kept(first) && !is_kept(second));
    memcpy(jar, first, sizeof jar);
    advance(1 * SECONDS);
    CHECK(!is_good(1));
    CHECK(is_good(1));
    CHECK(!is_good(OTHER_ADDRESS));
    CHECK_COUNTED(cookies_bad, 2);
    replay_end();
}

TEST(cookie_midnight,
     "a cookie of yesterday is good for an hour, and the next is of today's secret")
{
    uint64_t now_s;
    uint8_t first[COOKIE_SIZE];

    replay_start(LISTEN UPSTREAM_TCP GUARDED);
    now_s = clock_wall_ns() / NS_PER_S;
    advance((86400 - now_s % 86400 - 1) * SECONDS);
    get_cookie(1);
    memcpy(first, jar, sizeof first);
    advance(1 * SECONDS);
    CHECK_EQUAL(clock_wall_ns() / NS_PER_S % 86400, 0);
    CHECK(is_good(1) && is_kept(first));
    advance(40 * MINUTES);
    CHECK(is_good(1) && !is_kept(first));
    CHECK(is_good(1));
    memcpy(jar, first, sizeof jar);
    advance(20 * MINUTES);
    CHECK(!is_good(1));
    replay_end();
}

TEST(cookie_2106, "when 32 bits of seconds are over, nobody loses a cookie")
{
    uint64_t left_s;

    replay_start(LISTEN UPSTREAM_TCP GUARDED);
    left_s = (1ull << 32) - clock_wall_ns() / NS_PER_S;
    set_wall_clock((int64_t)(left_s / 86400));
    advance((left_s % 86400 - 100) * SECONDS);
    get_cookie(1);
    advance(200 * SECONDS);
    CHECK(clock_wall_ns() / NS_PER_S > UINT32_MAX);
    CHECK(is_good(1));
    advance(31 * MINUTES);
    CHECK(is_good(1) && is_good(1));
    replay_end();
}

TEST(cookie_clock_set_back, "a clock that was set back makes cookies bad, and the next ones good")
{
    replay_start(LISTEN UPSTREAM_TCP GUARDED);
    get_cookie(1);
    set_wall_clock(-1);
    CHECK(!is_good(1));
    CHECK(is_good(1));
    set_wall_clock(400);
    CHECK(!is_good(1));
    CHECK(is_good(1));
    replay_end();
}

TEST(cookie_demanded, "where cookies are required, only the second query goes to the upstream")
{
    struct heard heard;

    replay_start(LISTEN UPSTREAM_TCP REQUIRED);
    client_udp_send(1, 7, "www.example");
    heard = client_udp_expect(1);
    CHECK(heard.rcode == RCODE_NOERROR && (heard.flags & DNS_TC));
    send_with(1, CLIENTS_HALF);
    heard = expect_cookie(1);
    CHECK_EQUAL(heard.rcode, RCODE_BADCOOKIE);
    CHECK(!(heard.flags & DNS_TC));
    upstream_expect_no_connection(1);
    CHECK_COUNTED(responses_badcookie, 1);
    CHECK(is_good(1));
    CHECK_COUNTED(upstream_queries, 1);
    replay_end();
}

TEST(cookie_reflected, "who is sent to TCP hears no more than it has said, cookie or not")
{
    const struct said query = say_query_with_cookie(7, "www.example", CLIENTS_HALF);
    unsigned client, truncated = 0;
    struct heard heard;

    replay_start(LISTEN UPSTREAM_TCP "limit: {mode: enforce, allow: [192.0.2.0/24], rate: 1/s,"
                                     " burst: 2}\n");
    for (unsigned i = 0; i < 20; i++)
        client_udp_send_bytes(1, said_slice(&query));
    upstream_serve(1);
    while (client_udp_hears(&client, &heard)) {
        truncated += (heard.flags & DNS_TC) != 0;
        CHECK(heard.len <= query.len || !(heard.flags & DNS_TC));
    }
    CHECK(truncated >= 15);
    replay_end();
}

TEST(cookie_flooded,
     "over the limit a client with cookies is told to bring one, and is let in then")
{
    struct heard heard;
    unsigned client;

    replay_start(LISTEN UPSTREAM_TCP "limit: {mode: enforce, allow: [192.0.2.0/24], rate: 1/s,"
                                     " burst: 2}\n");
    for (unsigned i = 0; i < 10; i++)
        client_udp_send(i, 7, "flood.example");
    upstream_serve(1);
    while (client_udp_hears(&client, &heard))
        ;
    send_with(1, CLIENTS_HALF);
    CHECK_EQUAL(expect_cookie(1).rcode, RCODE_BADCOOKIE);
    CHECK(is_good(1));
    replay_end();
}
