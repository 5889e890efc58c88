#include "base/headcount.h"

#include "base/hash.h"
#include "unit/test.h"

#include <pthread.h>

#define CELLS 1024

static uint64_t key_of(uint64_t number)
{
    static const struct hash_key secret = { 5, 6 };

    return hash_bytes(&secret, slice_of(&number, sizeof number));
}

static struct headcount *fresh(void)
{
    struct headcount *h;

    CHECK_EQUAL(headcount_new(&h, CELLS), OK);
    return h;
}

TEST(headcount_counts,
     "who enters is counted, who leaves no longer is, and others are not concerned")
{
    struct headcount *h = fresh();

    CHECK_EQUAL(headcount_of(h, key_of(1)), 0);
    CHECK_EQUAL(headcount_enter(h, key_of(1)), 1);
    CHECK_EQUAL(headcount_enter(h, key_of(1)), 2);
    CHECK_EQUAL(headcount_enter(h, key_of(2)), 1);
    CHECK_EQUAL(headcount_of(h, key_of(1)), 2);
    headcount_leave(h, key_of(1));
    CHECK_EQUAL(headcount_of(h, key_of(1)), 1);
    headcount_leave(h, key_of(1));
    CHECK_EQUAL(headcount_of(h, key_of(1)), 0);
    CHECK_EQUAL(headcount_of(h, key_of(2)), 1);
    headcount_free(&h);
    CHECK(h == NULL);
}

TEST(headcount_crowd,
     "in a crowd of ten times its cells no number is too low, and few are much too high")
{
    struct headcount *h = fresh();
    unsigned too_high = 0;

    for (uint64_t i = 0; i < 10 * CELLS; i++)
        CHECK(headcount_enter(h, key_of(i)) >= 1);
    for (uint64_t i = 0; i < 10 * CELLS; i++)
        too_high += headcount_of(h, key_of(i)) > 20;
    CHECK(too_high < CELLS / 10);
    for (uint64_t i = 0; i < 10 * CELLS; i++)
        headcount_leave(h, key_of(i));
    for (uint64_t i = 0; i < 10 * CELLS; i++)
        CHECK_EQUAL(headcount_of(h, key_of(i)), 0);
    headcount_free(&h);
}

TEST(headcount_collides, "two that share a cell of one row are still told apart by the other")
{
    struct headcount *h = fresh();

    headcount_enter(h, 7ull << 32 | 3);
    CHECK_EQUAL(headcount_of(h, 8ull << 32 | 3), 0);
    CHECK_EQUAL(headcount_of(h, 7ull << 32 | 4), 0);
    CHECK_EQUAL(headcount_of(h, 7ull << 32 | (3 + CELLS)), 1); /* both cells */
    headcount_free(&h);
}

static void *come_and_go(void *arg)
{
    for (unsigned i = 0; i < 20000; i++) {
        headcount_enter(arg, key_of(i % 8));
        headcount_leave(arg, key_of(i % 8));
    }
    headcount_enter(arg, key_of(1));
    return NULL;
}

TEST(headcount_threads, "threads that come and go at once lose nobody")
{
    struct headcount *h = fresh();
    pthread_t threads[4];

    for (unsigned i = 0; i < 4; i++)
        CHECK_EQUAL(pthread_create(&threads[i], NULL, come_and_go, h), 0);
    for (unsigned i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    CHECK_EQUAL(headcount_of(h, key_of(1)), 4);
    CHECK_EQUAL(headcount_of(h, key_of(2)), 0);
    headcount_free(&h);
}
