/* tests/replay/bootstrap.c - upstreams by name: when they are resolved, and what when they are not.
 */
#include "replay/names.h"

#define BY_NAME_OVER_TCP                                                                           \
    NO_CACHE "bootstrap: [tcp://198.51.100.9]\nupstream: [{url: tcp://dns.example}]\n"
#define BY_NAME_AND_ADDRESS                                                                        \
    NO_CACHE "bootstrap: [udp://198.51.100.9]\n"                                                   \
             "upstream: [{url: tcp://dns.example}, {url: tcp://198.51.100.2}]\n"

static const struct hosts one = { .ipv4 = { 1 } }, three = { .ipv4 = { 3 } }, none = { 0 };

static struct socket *ask_over(unsigned upstream)
{
    struct socket *to;
    struct asked asked;

    client_udp_send(1, 1, "www.example");
    to = upstream_expect_connection(upstream);
    asked = upstream_expect_query(to);
    upstream_answer(&asked);
    client_udp_expect_answer(1, 1, "www.example");
    return to;
}

static void fail_both(const struct lookup *lookup, uint16_t rcode)
{
    names_fail(&lookup->aaaa, rcode);
    names_fail(&lookup->a, rcode);
}

TEST(bootstrap_is_early, "a name is resolved before anybody asks, and once")
{
    replay_start(LISTEN BY_NAME);
    names_resolve(&one, 300);
    (void)ask_over(1);
    advance(60000);
    names_expect_nothing();
    replay_end();
}

TEST(bootstrap_is_waited_for, "a question that comes before the addresses goes out with them")
{
    struct lookup lookup;
    struct asked asked;

    replay_start(LISTEN BY_NAME);
    lookup = names_expect();
    client_udp_send(1, 1, "www.example");
    upstream_expect_no_connection(1);
    advance(300);
    names_answer(&lookup.aaaa, &one, 300);
    names_answer(&lookup.a, &one, 300);
    asked = upstream_expect_query(upstream_expect_connection(1));
    upstream_answer(&asked);
    client_udp_expect_answer(1, 1, "www.example");
    CHECK_COUNTED(upstream_connections_failed, 0);
    replay_end();
}

TEST(bootstrap_is_not_waited_for_in_vain, "an upstream without an address is passed over")
{
    struct lookup lookup;

    replay_start(LISTEN BY_NAME_AND_ADDRESS);
    lookup = names_expect();
    (void)ask_over(2);
    fail_both(&lookup, RCODE_SERVFAIL);
    replay_end();
}

TEST(bootstrap_second_late, "addresses of one family are used when the other's are late")
{
    struct lookup lookup;

    replay_start(LISTEN BY_NAME);
    lookup = names_expect();
    client_udp_send(1, 1, "www.example");
    names_answer(&lookup.a, &one, 300);
    advance(40);
    upstream_expect_no_connection(1);
    advance(15);
    upstream_serve(1);
    client_udp_expect_answer(1, 1, "www.example");
    names_answer(&lookup.aaaa, &none, 300);
    replay_end();
}

TEST(bootstrap_joins_nobody, "a client's question for the same name is asked by itself")
{
    struct lookup lookup;
    struct asked asked;

    replay_start(LISTEN BY_NAME_AND_ADDRESS);
    lookup = names_expect();
    client_udp_send(1, 1, "dns.example");
    asked = upstream_expect_query(upstream_expect_connection(2));
    names_answer(&lookup.aaaa, &one, 300);
    names_answer(&lookup.a, &one, 300);
    client_udp_expect_nothing();
    upstream_answer(&asked);
    client_udp_expect_answer(1, 1, "dns.example");
    CHECK_COUNTED(upstream_joined, 0);
    replay_end();
}

TEST(bootstrap_asks_no_upstream, "nobody but the bootstrap servers is asked for an upstream's name")
{
    struct lookup lookup;

    replay_start(LISTEN BY_NAME_AND_ADDRESS);
    lookup = names_expect();
    fail_both(&lookup, RCODE_SERVFAIL);
    advance(3000);
    CHECK_EQUAL(upstream_connections(2), 0);
    replay_end();
}

TEST(bootstrap_renews, "a name is resolved anew when nine tenths of its TTL are over")
{
    replay_start(LISTEN BY_NAME);
    names_resolve(&one, 100);
    upstream_close(ask_over(1));
    advance(89900);
    names_expect_nothing();
    advance(200);
    names_resolve(&three, 100);
    (void)ask_over(3);
    replay_end();
}

TEST(bootstrap_bounds, "a TTL of nothing is not believed, and one of years is neither")
{
    replay_start(LISTEN BY_NAME);
    names_resolve(&one, 0);
    advance(4400);
    names_expect_nothing();
    advance(200);
    names_resolve(&one, 0x7fffffff);
    advance(77755000);
    names_expect_nothing();
    advance(5010);
    names_resolve(&one, 100);
    replay_end();
}

TEST(bootstrap_forgets_nothing, "errors and empty answers take no address away")
{
    static const uint16_t rcodes[] = { RCODE_SERVFAIL, RCODE_NXDOMAIN, RCODE_NOERROR };
    struct lookup lookup;

    replay_start(LISTEN BY_NAME);
    names_resolve(&one, 100);
    advance(90010);
    for (size_t i = 0; i < sizeof rcodes / sizeof rcodes[0]; i++) {
        lookup = names_expect();
        fail_both(&lookup, rcodes[i]);
        upstream_close(ask_over(1));
        advance(90); /* asked again soon, after 100, 200 and 400 ms */
        names_expect_nothing();
        advance(120u << i);
    }
    names_resolve(&three, 100);
    (void)ask_over(3);
    replay_end();
}

TEST(bootstrap_withdrawn, "a family that is gone is dropped where the other one is there")
{
    const struct hosts both = { .ipv4 = { 1 }, .ipv6 = { OVER_IPV6 + 1 } };
    struct lookup lookup;

    replay_start(LISTEN BY_NAME);
    names_resolve(&both, 100);
    upstream_close(ask_over(OVER_IPV6 + 1));
    advance(90010);
    lookup = names_expect();
    names_fail(&lookup.aaaa, RCODE_SERVFAIL);
    names_answer(&lookup.a, &one, 100);
    upstream_close(ask_over(OVER_IPV6 + 1));
    advance(90010);
    names_resolve(&one, 100);
    (void)ask_over(1);
    CHECK_EQUAL(upstream_connections(OVER_IPV6 + 1), 0);
    replay_end();
}

/* Refuses all connections to the resolver for `ms`; returns how many there were. */
static unsigned refuse_for(uint64_t ms)
{
    unsigned count = 0;

    for (uint64_t end = now_ms() + ms; now_ms() < end; advance(5))
        for (; upstream_next_connection(RESOLVER); count++)
            upstream_refuse(RESOLVER);
    return count;
}

TEST(bootstrap_starts_early, "before the network is up it is tried now and then, and then it works")
{
    struct socket *to;
    struct asked asked;
    unsigned attempts;

    replay_start(LISTEN BY_NAME_OVER_TCP);
    attempts = refuse_for(20000);
    CHECK(attempts >= 10 && attempts <= 60);
    while (!upstream_next_connection(RESOLVER)) {
        advance(5);
        CHECK(now_ms() < 23000);
    }
    to = upstream_expect_connection(RESOLVER);
    while (upstream_hears(to, &asked))
        names_answer(&asked, &one, 300);
    (void)ask_over(1);
    replay_end();
}

TEST(bootstrap_reload,
     "what was resolved is known after a reload, also while nobody can resolve it")
{
    replay_start(LISTEN BY_NAME);
    names_resolve(&one, 300);
    CHECK_EQUAL(replay_reload(LISTEN BY_NAME "log: {level: debug}\n"), OK);
    (void)ask_over(1);
    names_expect_nothing();
    replay_end();
}

TEST(bootstrap_silence, "a resolver that is silent holds no question longer than its deadline")
{
    struct heard heard;

    replay_start(LISTEN BY_NAME);
    client_udp_send(1, 77, "www.example");
    advance(5010);
    heard = client_udp_expect(1);
    CHECK_EQUAL(heard.rcode, RCODE_SERVFAIL);
    advance(20000);
    replay_end();
}

TEST(bootstrap_moved, "a server that moved is found at its new address long before the TTL is over")
{
    struct lookup lookup;
    struct asked asked;

    replay_start(LISTEN BY_NAME);
    names_resolve(&one, 86400);
    upstream_close(ask_over(1));
    client_udp_send(1, 2, "second.example");
    upstream_refuse_for(1, 4900);
    names_expect_nothing();
    upstream_refuse_for(1, 200);
    (void)client_udp_expect(1); /* its deadline */
    lookup = names_expect();
    names_answer(&lookup.aaaa, &none, 300);
    names_answer(&lookup.a, &three, 300);
    client_udp_send(1, 3, "third.example");
    for (unsigned i = 0; i < 120 && !upstream_next_connection(3); i++)
        advance(5);
    asked = upstream_expect_query(upstream_expect_connection(3));
    upstream_answer(&asked);
    client_udp_expect_answer(1, 3, "third.example");
    replay_end();
}
