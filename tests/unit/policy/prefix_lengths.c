#include "policy/prefix_lengths.h"

#include "unit/test.h"

#define STRINGS(...)                                                                               \
    {                                                                                              \
        (const char *const[]){ __VA_ARGS__ },                                                      \
            sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *)                          \
    }

TEST(prefix_lengths_read,
     "lengths are told from the longest to the shortest, each with its multiple")
{
    const struct strings bits = STRINGS("32", "24", "8"), multiples = STRINGS("1", "8", "1000");
    struct prefix_lengths lengths;

    CHECK(!prefix_lengths_read(&bits, &multiples, &lengths));
    CHECK_EQUAL(lengths.count, 3);
    CHECK_EQUAL(lengths.items[1].bits, 24);
    CHECK_EQUAL(lengths.items[2].multiple, 1000);
}

TEST(prefix_lengths_wrong, "what makes no sense is refused")
{
    const struct {
        struct strings bits, multiples;
    } wrong[] = {
        { STRINGS("24", "32"), STRINGS("1", "1") },
        { STRINGS("24", "24"), STRINGS("1", "1") },
        { STRINGS("129"), STRINGS("1") },
        { STRINGS("0"), STRINGS("1") },
        { STRINGS("x"), STRINGS("1") },
        { STRINGS("-1"), STRINGS("1") },
        { STRINGS("24"), STRINGS("0") },
        { STRINGS("24"), STRINGS("1", "2") },
        { STRINGS("32", "28", "24", "20", "16"), STRINGS("1", "1", "1", "1", "1") },
    };
    struct prefix_lengths lengths;

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CHECK(prefix_lengths_read(&wrong[i].bits, &wrong[i].multiples, &lengths));
}
