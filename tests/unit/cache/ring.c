/* tests/unit/cache/ring.c - room that goes around. */
#include "cache/ring.h"

#include "unit/test.h"

TEST(ring_order, "what was appended first is the oldest")
{
    struct ring r;
    uint32_t skipped;

    ring_init(&r, 100, 10);
    CHECK_EQUAL(ring_append(&r, 4, &skipped).at, 100);
    CHECK_EQUAL(skipped, PLACE_MAX);
    CHECK_EQUAL(ring_append(&r, 4, &skipped).at, 104);
    CHECK_EQUAL(ring_oldest(&r).at, 100);
    ring_drop(&r, 4);
    CHECK_EQUAL(ring_oldest(&r).at, 104);
    CHECK_EQUAL(ring_left(&r), 6);
}

TEST(ring_wrap, "an entry is never in two pieces: the ring's end is skipped, and given back")
{
    struct ring r;
    uint32_t skipped;
    struct place place;

    ring_init(&r, 100, 10);
    ring_append(&r, 4, &skipped);
    ring_append(&r, 4, &skipped);
    CHECK(!ring_fits(&r, 4)); /* two are left at the end, and none at the beginning */
    ring_drop(&r, 4);
    CHECK(ring_fits(&r, 4));
    CHECK(!ring_fits(&r, 5));
    place = ring_append(&r, 4, &skipped);
    CHECK_EQUAL(skipped, 108);
    CHECK_EQUAL(place.at, 100);
    CHECK_EQUAL(place.lap, 1);
    CHECK_EQUAL(ring_left(&r), 0);
    ring_drop(&r, 4);
    CHECK_EQUAL(ring_oldest(&r).at, 108);
    ring_drop(&r, 0);
    CHECK_EQUAL(ring_oldest(&r).at, 100);
    CHECK_EQUAL(ring_oldest(&r).lap, 1);
    CHECK_EQUAL(ring_left(&r), 6);
}

TEST(ring_full, "a ring that is filled to its last word begins its next lap")
{
    struct ring r;
    uint32_t skipped;

    ring_init(&r, 0, 8);
    ring_append(&r, 8, &skipped);
    CHECK(!ring_fits(&r, 1));
    ring_drop(&r, 8);
    CHECK_EQUAL(ring_append(&r, 8, &skipped).lap, 1);
    CHECK_EQUAL(ring_oldest(&r).lap, 1);
}
