#include "policy/prefix_lengths.h"

#include "unit/test.h"

#define STRINGS(...)                                                                               \
    {                                                                                              \
        (const char *const[]){ __VA_ARGS__ },                                                      \
            sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *)                          \
    }

static uint64_t hash(const char *host, unsigned bits, unsigned purpose)
{
    const struct hash_key key = { 1, 2 };
    union addr addr;

    CHECK_EQUAL(addr_parse(host, 53, &addr), OK);
    return prefix_hash(&key, &addr, bits, purpose);
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

TEST(prefix_hash, "addresses of one prefix have one hash, of two prefixes two")
{
    CHECK_EQUAL(hash("192.0.2.1", 24, 0), hash("192.0.2.254", 24, 0));
    CHECK(hash("192.0.2.1", 24, 0) != hash("192.0.3.1", 24, 0));
    CHECK(hash("192.0.2.0", 24, 0) != hash("192.0.2.0", 25, 0));
    CHECK(hash("192.0.2.0", 24, 0) != hash("192.0.2.0", 24, 1));
    CHECK(hash("192.0.2.1", 32, 0) != hash("192.0.2.2", 32, 0));
    CHECK_EQUAL(hash("2001:db8::1", 64, 0), hash("2001:db8::ffff", 64, 0));
    CHECK(hash("2001:db8::1", 128, 0) != hash("2001:db8::2", 128, 0));
    CHECK(hash("2001:db8:0:1::", 65, 0) != hash("2001:db8:0:1:8000::", 65, 0));
    CHECK_EQUAL(hash("2001:db8:0:1::", 56, 0), hash("2001:db8:0:ff::1", 56, 0));
    CHECK(hash("0.0.0.0", 32, 0) != hash("::", 32, 0));
}
