/* tests/replay/rules.c - the rules on the walk: who is let in, what is asked upstream, and when
 * that is over. */
#include "replay/script.h"

#include "worker/worker.h"

#define CACHED  "upstream: [{url: udp://198.51.100.1}]\n"
#define TTL     60 /* of the answers of this upstream */
#define SECONDS 1000

/* The clients of the script are let in. */
#define RULES(more) "limit: {mode: enforce, allow: [192.0.2.0/24], " more "}\n"
#define FEW         RULES("rate: 0/s, subdomain_rate: 10/s, subdomain_burst: 5")
#define FEW_SHADOW                                                                                 \
    RULES("rate: 0/s, subdomain_rate: 10/s, subdomain_burst: 5, shadow: [subdomains]")
#define SLOW RULES("rate: 10/s, burst: 5")

#define OVER "too many names below one domain; the cache alone answers"

/* Answers whatever the upstream is asked; returns how much that was. */
static unsigned serve(void)
{
    struct asked asked;
    unsigned count = 0;

    for (; upstream_hears_datagram(1, &asked); count++)
        upstream_answer(&asked);
    return count;
}

/* Names that nobody has asked for; how many of them were answered, all others being SERVFAIL. */
static unsigned flood(unsigned client, unsigned count, const char *domain)
{
    static unsigned serial;
    unsigned answered = 0;

    for (; count > 0; count--) {
        struct heard heard;

        serial++;
        client_udp_send(client, (uint16_t)serial, numbered(serial, domain));
        serve();
        heard = client_udp_expect(client);
        if (heard.rcode == RCODE_SERVFAIL)
            expect_servfail(&heard, (uint16_t)serial, EDE_OTHER, OVER);
        answered += heard.rcode == RCODE_NOERROR;
    }
    return answered;
}

TEST(flood_of_names, "a flood of names below one domain reaches the upstream at a rate, no faster")
{
    replay_start(LISTEN CACHED FEW);
    CHECK_EQUAL(flood(1, 100, "victim.example"), 5);
    CHECK_COUNTED(upstream_queries, 5);
    CHECK_COUNTED(responses_servfail, 95);
    CHECK_EQUAL(flood(1, 5, "other.example"), 5);
    CHECK_EQUAL(flood(60000, 5, "victim.example"), 5); /* another host */
    advance(310);
    CHECK_EQUAL(flood(1, 100, "victim.example"), 3);
    advance(1 * SECONDS);
    CHECK_EQUAL(flood(1, 100, "victim.example"), 5);
    replay_end();
}

TEST(flood_and_cache, "who is over the limit is answered from the cache, also what has expired")
{
    struct heard heard;

    replay_start(LISTEN CACHED FEW);
    client_udp_send(1, 1, "www.victim.example");
    CHECK_EQUAL(serve(), 1);
    client_udp_expect_answer(1, 1, "www.victim.example");
    CHECK_EQUAL(flood(1, 100, "victim.example"), 4);
    client_udp_send(1, 2, "www.victim.example");
    client_udp_expect_answer(1, 2, "www.victim.example");
    advance((TTL + 2) * SECONDS);
    CHECK_EQUAL(flood(1, 100, "victim.example"), 5);
    client_udp_send(1, 3, "www.victim.example");
    heard = client_udp_expect(1); /* at once, and nobody was asked */
    expect_answer(&heard, 3, "www.victim.example");
    CHECK(heard.has_ede && heard.ede == EDE_STALE_ANSWER);
    upstream_expect_nothing(1);
    client_udp_send(60000, 4, "www.victim.example"); /* another one has it fetched anew */
    CHECK_EQUAL(serve(), 1);
    client_udp_expect_answer(60000, 4, "www.victim.example");
    client_udp_send(1, 5, "www.victim.example");
    heard = client_udp_expect(1);
    CHECK(!heard.has_ede && heard.ttl > 30);
    replay_end();
}

TEST(joined_is_free, "who asks again while the answer is on its way pays once")
{
    struct asked asked;

    replay_start(LISTEN CACHED FEW);
    for (uint16_t id = 1; id <= 50; id++)
        client_udp_send(1, id, "www.victim.example");
    CHECK_COUNTED(upstream_joined, 49);
    CHECK(upstream_hears_datagram(1, &asked));
    upstream_answer(&asked);
    for (uint16_t id = 1; id <= 50; id++)
        client_udp_expect(1);
    CHECK_EQUAL(flood(1, 100, "victim.example"), 4);
    replay_end();
}

TEST(prefetched_is_free, "what is fetched in advance is nobody's to pay for")
{
    replay_start(LISTEN CACHED FEW);
    client_udp_send(1, 1, "www.victim.example");
    CHECK_EQUAL(serve(), 1);
    client_udp_expect_answer(1, 1, "www.victim.example");
    advance((TTL - 3) * SECONDS);
    for (uint16_t id = 2; id <= 4; id++) {
        client_udp_send(1, id, "www.victim.example");
        client_udp_expect_answer(1, id, "www.victim.example");
    }
    CHECK_COUNTED(cache_prefetches, 1);
    CHECK_EQUAL(serve(), 1);
    CHECK_EQUAL(flood(1, 100, "victim.example"), 5);
    replay_end();
}

TEST(flood_in_shadow, "in shadow mode a flood is counted and goes on its way")
{
    const struct policy_counts *counts;

    replay_start(LISTEN CACHED FEW_SHADOW);
    counts = &replay_worker()->policy.counts;
    CHECK_EQUAL(flood(1, 20, "victim.example"), 20);
    CHECK_EQUAL(counts->rules[RULE_subdomains].shadowed, 15);
    CHECK_EQUAL(counts->rules[RULE_subdomains].enforced, 0);
    CHECK_EQUAL(counts->v4[32].shadowed, 15);
    replay_end();
}

/* How many of so many queries over UDP are let in; the others are truncated. */
static unsigned knock(unsigned client, unsigned count)
{
    unsigned let_in = 0;

    for (; count > 0; count--) {
        struct heard heard;

        client_udp_send(client, 7, "www.example");
        serve();
        heard = client_udp_expect(client);
        let_in += !(heard.flags & DNS_TC);
    }
    return let_in;
}

TEST(truncated, "who asks too fast is sent to TCP, where the answer is")
{
    struct socket *client;

    replay_start(LISTEN CACHED SLOW);
    CHECK_EQUAL(knock(1, 20), 5);
    CHECK_COUNTED(responses_truncated, 15);
    client = client_tcp_open(1);
    client_tcp_send(client, 9, "www.example");
    client_tcp_expect_answer(client, 9, "www.example");
    client_tcp_close(client);
    CHECK_EQUAL(knock(60000, 5), 5);
    advance(210);
    CHECK_EQUAL(knock(1, 20), 2);
    replay_end();
}

TEST(debt_is_kept, "a reload forgives nothing, and time does")
{
    replay_start(LISTEN CACHED SLOW);
    CHECK_EQUAL(knock(1, 20), 5);
    CHECK_EQUAL(replay_reload(LISTEN CACHED SLOW), OK);
    CHECK_EQUAL(knock(1, 20), 0);
    advance(510);
    CHECK_EQUAL(knock(1, 20), 5);
    replay_end();
}

TEST(dropped, "what is dropped is counted, and nothing is left of it")
{
    replay_start(LISTEN CACHED RULES("rate: 10/s, burst: 5, over: drop"));
    for (unsigned i = 0; i < 20; i++) {
        client_udp_send(1, 7, "www.example");
        serve();
    }
    for (unsigned i = 0; i < 5; i++)
        client_udp_expect_answer(1, 7, "www.example");
    client_udp_expect_nothing();
    CHECK_COUNTED(queries_dropped_policy, 15);
    replay_end();
}
