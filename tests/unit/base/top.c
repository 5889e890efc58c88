#include "base/top.h"

#include "base/hash.h"
#include "unit/test.h"

#include <stdio.h>

static const struct hash_key secret = { 3, 4 };

static void add(struct top *t, const char *key, uint64_t weight, bool is_marked)
{
    struct slice bytes = slice_of(key, strlen(key));

    top_add(t, hash_bytes(&secret, bytes), bytes, weight, is_marked);
}

static struct top_item find(const struct top *t, const char *key)
{
    for (size_t i = 0; i < top_count(t); i++)
        if (slice_equal(top_at(t, i).key, slice_of(key, strlen(key))))
            return top_at(t, i);
    return (struct top_item){ 0 };
}

TEST(top_few, "while there is room for all, every count is right")
{
    struct top *t;

    CHECK_EQUAL(top_new(&t, 8, 16), OK);
    for (unsigned i = 0; i < 100; i++) {
        add(t, "a", 1, i % 4 == 0);
        add(t, "bb", 3, true);
        add(t, "", 1, false);
        add(t, "longer than any key may be", 1, false);
    }
    CHECK_EQUAL(top_count(t), 2);
    CHECK_EQUAL(find(t, "a").count, 100);
    CHECK_EQUAL(find(t, "a").marked, 25);
    CHECK_EQUAL(find(t, "bb").count, 300);
    CHECK_EQUAL(find(t, "bb").over, 0);
    top_clear(t);
    CHECK_EQUAL(top_count(t), 0);
    add(t, "a", 1, false);
    CHECK_EQUAL(find(t, "a").count, 1);
    CHECK_EQUAL(find(t, "a").marked, 0);
    top_free(&t);
}

/* A stream in which key number k comes in proportion to 1 / k, and a newcomer each second time. */
TEST(top_heavy,
     "of a stream without end the heavy ones stay, and no count is further off than told")
{
    uint64_t real[64] = { 0 }, all = 0, state = 1;
    struct top *t;
    char key[32];

    CHECK_EQUAL(top_new(&t, 64, 32), OK);
    for (unsigned i = 0; i < 200000; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        for (unsigned k = 1; k < 64; k++)
            if ((state >> 33) % (8 * k) == 0) {
                snprintf(key, sizeof key, "heavy%u", k);
                add(t, key, 1, true);
                real[k]++;
                all++;
            }
        snprintf(key, sizeof key, "new%u", i);
        add(t, key, 1, false);
        all++;
    }
    CHECK_EQUAL(top_count(t), 64);
    for (unsigned k = 1; k < 64; k++) {
        struct top_item item;

        snprintf(key, sizeof key, "heavy%u", k);
        item = find(t, key);
        if (real[k] > all / 64)
            CHECK(item.count > 0);
        if (item.count == 0)
            continue;
        CHECK(item.count >= real[k]);
        CHECK(item.count - item.over <= real[k]);
        CHECK(item.over <= all / 64);
        CHECK(item.marked <= real[k]);
    }
    CHECK(find(t, "heavy1").count > 0);
    top_free(&t);
}

TEST(top_sum, "the counts are as many as all that came")
{
    uint64_t sum = 0;
    struct top *t;
    char key[32];

    CHECK_EQUAL(top_new(&t, 5, 32), OK);
    for (unsigned i = 0; i < 10000; i++) {
        snprintf(key, sizeof key, "k%u", i * i % 97);
        add(t, key, 2, false);
    }
    for (size_t i = 0; i < top_count(t); i++)
        sum += top_at(t, i).count;
    CHECK_EQUAL(sum, 20000);
    top_free(&t);
}
