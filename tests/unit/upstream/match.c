#include "upstream/match.h"
#include "base/random.h"
#include "unit/test.h"
#include "upstream/flight.h"

#define MANY 20000

static struct flight flights[MANY];
static struct random random_numbers;

TEST(match_ids_differ,
     "no two questions of a channel have the same id, and each is found by its own")
{
    static bool taken[65536];
    struct match m = { 0 };

    for (size_t i = 0; i < MANY; i++) {
        match_add(&m, &flights[i], &random_numbers);
        CHECK(!taken[flights[i].id]);
        taken[flights[i].id] = true;
    }
    CHECK_EQUAL(m.count, MANY);
    for (unsigned id = 0; id < 65536; id++)
        CHECK((match_find(&m, (uint16_t)id) != NULL) == taken[id]);
    for (size_t i = 0; i < MANY; i++)
        CHECK(match_find(&m, flights[i].id) == &flights[i]);
}

TEST(match_removes, "what was removed is not found, whatever else lies in its bucket")
{
    struct match m = { 0 };

    for (size_t i = 0; i < MANY; i++)
        match_add(&m, &flights[i], &random_numbers);
    for (size_t i = 0; i < MANY; i += 2)
        match_remove(&m, &flights[i]);
    CHECK_EQUAL(m.count, MANY / 2);
    for (size_t i = 0; i < MANY; i++)
        CHECK(match_find(&m, flights[i].id) == (i % 2 ? &flights[i] : NULL));
    for (size_t i = 1; i < MANY; i += 2)
        match_remove(&m, &flights[i]);
    CHECK_EQUAL(m.count, 0);
}

TEST(match_is_spread, "ids use the whole range: a guess hits one in 65536")
{
    struct match m = { 0 };
    unsigned quarters[4] = { 0 };

    for (size_t i = 0; i < MANY; i++) {
        match_add(&m, &flights[i], &random_numbers);
        quarters[flights[i].id >> 14]++;
    }
    for (size_t i = 0; i < 4; i++)
        CHECK(quarters[i] > MANY / 5 && quarters[i] < MANY / 3);
}
