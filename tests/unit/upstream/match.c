#include "upstream/match.h"
#include "base/random.h"
#include "unit/test.h"
#include "upstream/attempt.h"

#define MANY 20000

static struct attempt attempts[MANY];
static struct random random_numbers;

TEST(match_ids_differ,
     "no two questions of a channel have the same id, and each is found by its own")
{
    static bool taken[65536];
    struct match m = { 0 };

    for (size_t i = 0; i < MANY; i++) {
        match_add(&m, &attempts[i], &random_numbers);
        CHECK(!taken[attempts[i].id]);
        taken[attempts[i].id] = true;
    }
    CHECK_EQUAL(m.count, MANY);
    for (unsigned id = 0; id < 65536; id++)
        CHECK((match_find(&m, (uint16_t)id) != NULL) == taken[id]);
    for (size_t i = 0; i < MANY; i++)
        CHECK(match_find(&m, attempts[i].id) == &attempts[i]);
}

TEST(match_removes, "what was removed is not found, whatever else lies in its bucket")
{
    struct match m = { 0 };

    for (size_t i = 0; i < MANY; i++)
        match_add(&m, &attempts[i], &random_numbers);
    for (size_t i = 0; i < MANY; i += 2)
        match_remove(&m, &attempts[i]);
    CHECK_EQUAL(m.count, MANY / 2);
    for (size_t i = 0; i < MANY; i++)
        CHECK(match_find(&m, attempts[i].id) == (i % 2 ? &attempts[i] : NULL));
    for (size_t i = 1; i < MANY; i += 2)
        match_remove(&m, &attempts[i]);
    CHECK_EQUAL(m.count, 0);
}

TEST(match_is_spread, "ids use the whole range: a guess hits one in 65536")
{
    struct match m = { 0 };
    unsigned quarters[4] = { 0 };

    for (size_t i = 0; i < MANY; i++) {
        match_add(&m, &attempts[i], &random_numbers);
        quarters[attempts[i].id >> 14]++;
    }
    for (size_t i = 0; i < 4; i++)
        CHECK(quarters[i] > MANY / 5 && quarters[i] < MANY / 3);
}
