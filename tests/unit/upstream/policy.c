#include "upstream/policy.h"
#include "base/random.h"
#include "dns/name.h"
#include "unit/test.h"

#include <stdio.h>
#include <stdlib.h>

#define QUESTIONS 10000u

enum { FASTEST, FAILOVER, ROUND_ROBIN, RANDOM, HASH, POLICIES };

/* A group that is asked, with the same numbers in each run. */
struct group {
    struct candidate candidates[64];
    struct random random;
    uint64_t seed;
    unsigned turn;
};

static uint64_t next(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return *seed ^ *seed >> 29;
}

/* Everyone has weight 1, a latency of 10 ms, and a provider of its own. */
static void group_init(struct group *g)
{
    *g = (struct group){ .seed = 1 };
    for (unsigned i = 0; i < 64; i++)
        g->candidates[i] =
            (struct candidate){ .weight = 1, .latency_us = 10000, .provider = i * 977u };
}

static unsigned pick(struct group *g, unsigned policy, uint64_t among, struct slice name)
{
    const struct choice choice = { g->candidates, among, name, &g->random, &g->turn };

    g->random.left = 2 * sizeof(uint64_t); /* no policy draws more than once */
    for (size_t i = 0; i < g->random.left; i++)
        g->random.bytes[i] = (uint8_t)(next(&g->seed) >> 32);
    return policy_at(policy)->pick(&choice);
}

static struct slice wire(const char *text)
{
    static uint8_t room[DNS_NAME_MAX];
    struct writer w = writer_of(room, sizeof room);

    CHECK_EQUAL(name_from_text(text, &w), OK);
    return writer_slice(&w);
}

static struct slice numbered(unsigned number)
{
    char text[64];

    snprintf(text, sizeof text, "www.n%u.example", number);
    return wire(text);
}

/* How many of many questions each one got, for as many domains. */
static void spread(struct group *g, unsigned policy, uint64_t among, unsigned ret_counts[64])
{
    memset(ret_counts, 0, 64 * sizeof *ret_counts);
    for (unsigned i = 0; i < QUESTIONS; i++)
        ret_counts[pick(g, policy, among, numbered(i))]++;
}

static bool is_near(unsigned count, double share)
{
    return count > (share - 0.02) * QUESTIONS && count < (share + 0.02) * QUESTIONS;
}

TEST(policy_names, "the policies stand in the order of the words of the option")
{
    static const char *const names[] = { "fastest", "failover", "round-robin", "random", "hash" };

    for (unsigned i = 0; i < POLICIES; i++)
        CHECK_TEXT(policy_at(i)->name, names[i]);
}

TEST(policy_members, "each policy takes only those that may be taken")
{
    struct group g;

    group_init(&g);
    for (unsigned i = 0; i < 20000; i++) {
        struct candidate *c = &g.candidates[next(&g.seed) % 64];
        uint64_t among = next(&g.seed) & next(&g.seed);
        unsigned policy = i % POLICIES, picked;

        *c = (struct candidate){ .weight = 1 + (uint32_t)(next(&g.seed) >> 20) % 1000,
                                 .latency_us = (uint32_t)(next(&g.seed) >> 20) % 3 * 1000,
                                 .in_flight = (uint32_t)(next(&g.seed) >> 20) % 200,
                                 .provider = (next(&g.seed) >> 20) % 10 };
        if (i % 7 == 0)
            among = 1ull << next(&g.seed) % 64;
        if (among == 0)
            continue;
        picked = pick(&g, policy, among, numbered(i));
        CHECK(picked < 64 && (among >> picked & 1));
    }
}

TEST(policy_failover_order, "failover takes the first, as long as that is there")
{
    struct group g;

    group_init(&g);
    CHECK_EQUAL(pick(&g, FAILOVER, 0xe, numbered(1)), 1);
    CHECK_EQUAL(pick(&g, FAILOVER, 0xc, numbered(1)), 2);
    CHECK_EQUAL(pick(&g, FAILOVER, 0xe, numbered(1)), 1);
}

TEST(policy_round_robin_turns, "round-robin gives all the same number of questions, in turn")
{
    struct group g;
    unsigned counts[64];

    group_init(&g);
    spread(&g, ROUND_ROBIN, 0x1d, counts);
    for (unsigned i = 0; i < 5; i++)
        CHECK_EQUAL(counts[i], 0x1d >> i & 1 ? QUESTIONS / 4 : 0);
    CHECK_EQUAL(pick(&g, ROUND_ROBIN, 0x1d, numbered(1)), 0);
    CHECK_EQUAL(pick(&g, ROUND_ROBIN, 0x1f, numbered(1)), 1);
    CHECK_EQUAL(pick(&g, ROUND_ROBIN, 1ull << 63, numbered(1)), 63);
    CHECK_EQUAL(pick(&g, ROUND_ROBIN, UINT64_MAX, numbered(1)), 0);
}

TEST(policy_random_weights, "random gives as many questions as the weights say")
{
    struct group g;
    unsigned counts[64];

    group_init(&g);
    g.candidates[1].weight = 3;
    g.candidates[5].weight = 6;
    spread(&g, RANDOM, 0x23, counts);
    CHECK(is_near(counts[0], 0.1));
    CHECK(is_near(counts[1], 0.3));
    CHECK(is_near(counts[5], 0.6));
}

TEST(policy_fastest_explores, "the faster of two gets all questions but two in a hundred")
{
    struct group g;
    unsigned counts[64];

    group_init(&g);
    g.candidates[2].latency_us = 9000;
    spread(&g, FASTEST, 0x6, counts);
    CHECK(counts[1] > QUESTIONS / 100 && counts[1] < QUESTIONS * 3 / 100);
    CHECK_EQUAL(counts[1] + counts[2], QUESTIONS);
}

TEST(policy_fastest_of_many, "of four the fastest gets half, the slowest only what explores")
{
    struct group g;
    unsigned counts[64];

    group_init(&g);
    for (unsigned i = 0; i < 4; i++)
        g.candidates[i].latency_us = 5000 * (4 - i);
    spread(&g, FASTEST, 0xf, counts);
    CHECK(is_near(counts[3], 0.5));
    CHECK(is_near(counts[2], 1. / 3));
    CHECK(is_near(counts[1], 1. / 6));
    CHECK(counts[0] > QUESTIONS / 200 && counts[0] < QUESTIONS * 2 / 100);
}

TEST(policy_fastest_load, "who has much in flight is not the fastest any more")
{
    struct group g;
    unsigned counts[64];

    group_init(&g);
    g.candidates[0].latency_us = 8000;
    g.candidates[0].in_flight = 4;
    spread(&g, FASTEST, 0x3, counts);
    CHECK(counts[0] > QUESTIONS * 9 / 10);
    g.candidates[0].in_flight = 200;
    spread(&g, FASTEST, 0x3, counts);
    CHECK(counts[1] > QUESTIONS * 9 / 10);
}

TEST(policy_fastest_untimed, "who was never timed is asked first, with one question")
{
    struct group g;
    unsigned counts[64];

    group_init(&g);
    g.candidates[1].latency_us = g.candidates[2].latency_us = 0;
    CHECK_EQUAL(pick(&g, FASTEST, 0xf, numbered(1)), 1);
    g.candidates[1].in_flight = 1;
    CHECK_EQUAL(pick(&g, FASTEST, 0xf, numbered(2)), 2);
    g.candidates[2].in_flight = 1;
    spread(&g, FASTEST, 0xf, counts);
    CHECK_EQUAL(counts[1] + counts[2], 0);
}

TEST(policy_fastest_cold, "when nobody was timed yet a burst goes to all alike")
{
    struct group g;

    group_init(&g);
    for (unsigned i = 0; i < 64; i++)
        g.candidates[i].latency_us = 0;
    for (unsigned i = 0; i < QUESTIONS; i++)
        g.candidates[pick(&g, FASTEST, 0xf, numbered(i))].in_flight++;
    for (unsigned i = 0; i < 4; i++) {
        CHECK(g.candidates[i].in_flight > QUESTIONS / 4 - 20);
        CHECK(g.candidates[i].in_flight < QUESTIONS / 4 + 20);
    }
}

TEST(policy_hash_domain, "all names of a domain go to one provider, also after a restart")
{
    struct group g;
    char text[64];

    for (unsigned i = 0; i < 100; i++) {
        unsigned picked;

        group_init(&g);
        snprintf(text, sizeof text, "n%u.co.uk", i);
        picked = pick(&g, HASH, 0xff, wire(text));
        snprintf(text, sizeof text, "www.n%u.co.uk", i);
        CHECK_EQUAL(pick(&g, HASH, 0xff, wire(text)), picked);
        snprintf(text, sizeof text, "a.b.c.n%u.co.uk", i);
        CHECK_EQUAL(pick(&g, HASH, 0xff, wire(text)), picked);
    }
}

TEST(policy_hash_weights, "each provider gets as many domains as its weight says")
{
    struct group g;
    unsigned counts[64];

    group_init(&g);
    g.candidates[2].weight = 3;
    g.candidates[3].weight = 6;
    spread(&g, HASH, 0xe, counts);
    CHECK(is_near(counts[1], 0.1));
    CHECK(is_near(counts[2], 0.3));
    CHECK(is_near(counts[3], 0.6));
}

TEST(policy_hash_consistent, "when one is out only its own domains move, to all others alike")
{
    struct group g;
    unsigned moved[64] = { 0 };

    group_init(&g);
    for (unsigned i = 0; i < QUESTIONS; i++) {
        unsigned before = pick(&g, HASH, 0x1f, numbered(i));
        unsigned after = pick(&g, HASH, 0x1b, numbered(i));

        if (before == 2)
            moved[after]++;
        else
            CHECK_EQUAL(after, before);
    }
    CHECK_EQUAL(moved[2], 0);
    for (unsigned i = 0; i < 5; i++)
        CHECK(i == 2 || is_near(moved[i], 0.05));
}

TEST(policy_hash_providers,
     "servers of one provider are one place, and the idlest of them is asked")
{
    struct group g;
    unsigned counts[64];

    group_init(&g);
    for (unsigned i = 0; i < 4; i++)
        g.candidates[i].provider = 77;
    spread(&g, HASH, 0x1f, counts);
    CHECK(is_near(counts[4], 0.5));
    CHECK(is_near(counts[0], 0.5));
    g.candidates[0].in_flight = 2;
    g.candidates[1].in_flight = 1;
    spread(&g, HASH, 0x1f, counts);
    CHECK(is_near(counts[2], 0.5));
    CHECK_EQUAL(counts[0] + counts[1] + counts[3], 0);
}

TEST(policy_hash_server_out, "a provider keeps its domains while one of its servers is left")
{
    struct group g;

    group_init(&g);
    g.candidates[0].provider = g.candidates[1].provider = 77;
    for (unsigned i = 0; i < 1000; i++) {
        bool before = pick(&g, HASH, 0x7, numbered(i)) == 2;

        CHECK_EQUAL(pick(&g, HASH, 0x6, numbered(i)) == 2, before);
    }
}

TEST(policy_hash_bound, "one domain that all ask for fills no provider beyond its bound")
{
    struct group g;

    group_init(&g);
    for (unsigned i = 0; i < QUESTIONS; i++) {
        struct candidate *c = &g.candidates[pick(&g, HASH, 0xf, wire("www.example.com"))];

        c->in_flight++;
        CHECK(c->in_flight <= 1.25 * (i + 1) / 4 + 17);
    }
}

TEST(policy_hash_few, "a few questions in flight are no load that moves a domain")
{
    struct group g;
    unsigned own;

    group_init(&g);
    own = pick(&g, HASH, 0x3, wire("www.example.com"));
    g.candidates[own].in_flight = 26; /* 16, and 1.25 times the half of all, are 32.9 */
    CHECK_EQUAL(pick(&g, HASH, 0x3, wire("www.example.com")), own);
    g.candidates[own].in_flight = 100;
    CHECK_EQUAL(pick(&g, HASH, 0x3, wire("www.example.com")), 1 - own);
}
