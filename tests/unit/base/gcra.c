#include "base/gcra.h"

#include "base/clock.h"
#include "unit/test.h"

#define KEY 0x123456789abcdef0ull

static unsigned take_all(struct gcra *g, uint64_t key, const struct gcra_rate *rate, uint64_t now)
{
    unsigned taken = 0;

    while (taken < 100000 && gcra_take(g, key, rate, 1, now))
        taken++;
    return taken;
}

TEST(gcra_burst, "a key has its burst at once and then its rate, to the token")
{
    const struct gcra_rate rate = gcra_rate_of(10, 5);
    uint64_t now = 7 * NS_PER_S;
    struct gcra *g;

    CHECK_EQUAL(gcra_new(&g, 1000), OK);
    CHECK_EQUAL(gcra_left(g, KEY, &rate, now), 5);
    CHECK_EQUAL(take_all(g, KEY, &rate, now), 5);
    CHECK_EQUAL(gcra_left(g, KEY, &rate, now), 0);
    CHECK_EQUAL(take_all(g, KEY, &rate, now + 99 * NS_PER_MS), 0);
    CHECK_EQUAL(take_all(g, KEY, &rate, now + 101 * NS_PER_MS), 1);
    CHECK_EQUAL(take_all(g, KEY, &rate, now + 10 * NS_PER_S), 5);
    gcra_free(&g);
}

TEST(gcra_rates, "a full bucket has its burst, however fast it fills")
{
    static const struct {
        uint64_t per_second, burst;
    } rates[] = { { 1, 1 },          { 1, 86399 },         { 8000, 16000 },
                  { 64000, 64000 },  { 1000000, 1 },       { 1000000, 1000000 },
                  { 8000000, 8000 }, { 1000000000, 1000 }, { 1000000000000000, 1000000000 } };

    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        const struct gcra_rate rate = gcra_rate_of(rates[i].per_second, rates[i].burst);
        struct gcra *g;

        CHECK_EQUAL(gcra_new(&g, 64), OK);
        CHECK_EQUAL(gcra_left(g, KEY, &rate, 0), rates[i].burst);
        CHECK(gcra_take(g, KEY, &rate, 1, 0));
        CHECK_EQUAL(gcra_left(g, KEY, &rate, 0), rates[i].burst - 1);
        gcra_free(&g);
    }
}

TEST(gcra_cost, "what costs more takes more, and never half of it")
{
    const struct gcra_rate rate = gcra_rate_of(10, 5);
    struct gcra *g;

    CHECK_EQUAL(gcra_new(&g, 1000), OK);
    CHECK(gcra_take(g, KEY, &rate, 3, 0));
    CHECK(!gcra_take(g, KEY, &rate, 3, 0));
    CHECK_EQUAL(gcra_left(g, KEY, &rate, 0), 2);
    CHECK(gcra_take(g, KEY, &rate, 2, 0));
    gcra_free(&g);
}

TEST(gcra_bid, "a token that was looked at is there until it is paid, and is then gone")
{
    const struct gcra_rate rate = gcra_rate_of(10, 2);
    struct gcra_bid bid, other;
    struct gcra *g;

    CHECK_EQUAL(gcra_new(&g, 1000), OK);
    CHECK(gcra_look(g, KEY, &rate, 0, &bid));
    CHECK(gcra_look(g, KEY, &rate, 0, &other));
    CHECK_EQUAL(gcra_left(g, KEY, &rate, 0), 2);
    gcra_pay(g, KEY, &rate, 0, &bid);
    CHECK_EQUAL(gcra_left(g, KEY, &rate, 0), 1);
    gcra_pay(g, KEY, &rate, 0, &other); /* somebody else has paid meanwhile */
    CHECK_EQUAL(gcra_left(g, KEY, &rate, 0), 0);
    CHECK(!gcra_look(g, KEY, &rate, 0, &bid));
    CHECK(!gcra_look(g, KEY, &rate, 99 * NS_PER_MS, &bid));
    CHECK(gcra_look(g, KEY, &rate, 101 * NS_PER_MS, &bid));
    gcra_free(&g);
}

TEST(gcra_debt, "a debt is paid before anything is granted, and is never more than a bucket")
{
    const struct gcra_rate rate = gcra_rate_of(10, 5);
    struct gcra *g;

    CHECK_EQUAL(gcra_new(&g, 1000), OK);
    CHECK_EQUAL(take_all(g, KEY, &rate, 0), 5);
    gcra_owe(g, KEY, &rate, 2, 0);
    CHECK(!gcra_take(g, KEY, &rate, 1, 299 * NS_PER_MS));
    CHECK(gcra_take(g, KEY, &rate, 1, 301 * NS_PER_MS));
    for (int i = 0; i < 50; i++)
        gcra_owe(g, KEY, &rate, 1000000, 301 * NS_PER_MS);
    CHECK_EQUAL(gcra_left(g, KEY, &rate, 301 * NS_PER_MS + 1001 * NS_PER_MS), 5);
    gcra_free(&g);
}

TEST(gcra_skew, "a debtor is one for threads whose clock is behind, too")
{
    const struct gcra_rate rate = gcra_rate_of(1000, 10);
    uint64_t now = 7 * NS_PER_S;
    struct gcra *g;

    CHECK_EQUAL(gcra_new(&g, 64), OK);
    CHECK_EQUAL(take_all(g, KEY, &rate, now), 10);
    gcra_owe(g, KEY, &rate, 10, now);
    CHECK_EQUAL(gcra_left(g, KEY, &rate, now - 5 * NS_PER_S), 0);
    gcra_free(&g);
}

TEST(gcra_apart, "keys do not touch each other")
{
    const struct gcra_rate rate = gcra_rate_of(1, 1);
    struct gcra *g;

    CHECK_EQUAL(gcra_new(&g, 1000), OK);
    for (uint64_t key = 1; key <= 100; key++)
        CHECK(gcra_take(g, key << 50 | key, &rate, 1, 0));
    for (uint64_t key = 1; key <= 100; key++)
        CHECK(!gcra_take(g, key << 50 | key, &rate, 1, 0));
    gcra_free(&g);
}

TEST(gcra_wrap, "a clock that has gone round does not lock a key out")
{
    const struct gcra_rate rate = gcra_rate_of(1, 3600);
    struct gcra *g;

    CHECK_EQUAL(gcra_new(&g, 1000), OK);
    for (uint64_t day = 0; day < 100; day++) {
        CHECK_EQUAL(take_all(g, KEY, &rate, day * 86400 * NS_PER_S), 3600);
        CHECK(!gcra_take(g, KEY, &rate, 1, day * 86400 * NS_PER_S));
    }
    gcra_free(&g);
}

/* All of them in one group of eight words, and all busy. */
TEST(gcra_full, "a full table neither locks newcomers out nor lets them do as they like")
{
    const struct gcra_rate rate = gcra_rate_of(1, 100);
    struct gcra *g;

    CHECK_EQUAL(gcra_new(&g, 64), OK);
    for (uint64_t key = 1; key <= 8; key++)
        CHECK_EQUAL(take_all(g, key << 50, &rate, 0), 100);
    CHECK_EQUAL(take_all(g, 9ull << 50, &rate, 0), 50);
    CHECK_EQUAL(gcra_left(g, 10ull << 50, &rate, 0), 50);
    gcra_free(&g);
}

/* Whatever hour of however many days later it comes back, and finds its word as it left it. */
TEST(gcra_silence, "a key that was silent for long finds its bucket full, and so does a new one")
{
    const struct gcra_rate rate = gcra_rate_of(1000, 2000);

    for (uint64_t hour = 1; hour < 30 * 24; hour++) {
        uint64_t later = hour * 3600 * NS_PER_S + 10 * NS_PER_S;
        struct gcra *g;

        CHECK_EQUAL(gcra_new(&g, 64), OK);
        CHECK_EQUAL(take_all(g, KEY, &rate, 10 * NS_PER_S), 2000);
        CHECK_EQUAL(gcra_left(g, KEY, &rate, later), 2000);
        CHECK_EQUAL(gcra_left(g, ~KEY, &rate, later), 2000);
        CHECK(gcra_take(g, KEY, &rate, 1, later));
        gcra_free(&g);
    }
}
