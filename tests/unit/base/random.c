#include "base/random.h"
#include "unit/test.h"

TEST(random_does_not_repeat, "numbers differ over many refills, and between two who draw")
{
    struct random a = { 0 }, b = { 0 };
    uint64_t ones = 0, before = random_u64(&b);

    for (unsigned i = 0; i < 10000; i++) {
        uint64_t now = random_u64(&a);

        CHECK(now != before);
        ones += (uint64_t)__builtin_popcountll(now);
        before = now;
    }
    CHECK(ones > 310000 && ones < 330000); /* 320000 expected, 400 the standard deviation */
}

TEST(random_leaves_no_trace, "what was drawn is wiped")
{
    struct random r = { 0 };

    for (unsigned i = 0; i < 100; i++) {
        (void)random_u16(&r);
        for (size_t at = r.left; at < sizeof r.bytes; at++)
            CHECK_EQUAL(r.bytes[at], 0);
    }
}
