#include "base/prefix.h"
#include "unit/test.h"

static bool covers(const char *text, const char *host)
{
    struct prefix prefix;
    union addr addr;

    CHECK_EQUAL(prefix_parse(text, &prefix), OK);
    CHECK_EQUAL(addr_parse(host, 53, &addr), OK);
    return prefix_covers(&prefix, &addr);
}

TEST(prefix_covers, "a prefix covers what begins with its bits, in its own family")
{
    CHECK(covers("192.0.2.0/24", "192.0.2.255"));
    CHECK(!covers("192.0.2.0/24", "192.0.3.0"));
    CHECK(covers("192.0.2.128/25", "192.0.2.128"));
    CHECK(!covers("192.0.2.128/25", "192.0.2.127"));
    CHECK(covers("0.0.0.0/0", "255.255.255.255"));
    CHECK(!covers("0.0.0.0/0", "::1"));
    CHECK(covers("2001:db8::/33", "2001:db8:7fff::1"));
    CHECK(!covers("2001:db8::/33", "2001:db8:8000::1"));
    CHECK(covers("::1", "::1"));
    CHECK(!covers("127.0.0.1", "127.0.0.2"));
}

TEST(prefix_mapped,
     "an IPv4 address is the same in IPv6's letters, and a block is written in its own")
{
    struct prefix prefix;

    CHECK(covers("::ffff:192.0.2.1", "192.0.2.1"));
    CHECK(covers("192.0.2.0/24", "::ffff:192.0.2.1"));
    CHECK_EQUAL(prefix_parse("::ffff:192.0.2.0/120", &prefix), ERR_MALFORMED);
}

TEST(prefix_wrong, "what is no prefix is refused, and bits behind it are")
{
    static const char *const wrong[] = { "",
                                         "192.0.2.0/",
                                         "192.0.2.0/33",
                                         "192.0.2.1/24",
                                         "::/129",
                                         "2001:db8::1/32",
                                         "example.com",
                                         "192.0.2.0/-1",
                                         "1.2.3/8",
                                         "192.0.2.0/8x",
                                         "/8" };
    struct prefix prefix;

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CHECK_EQUAL(prefix_parse(wrong[i], &prefix), ERR_MALFORMED);
}

static const char *block_of(const char *host, uint8_t bits)
{
    static char text[PREFIX_TEXT_MAX];
    struct prefix prefix;
    union addr addr;

    CHECK_EQUAL(addr_parse(host, 53, &addr), OK);
    prefix = prefix_of(&addr, bits);
    CHECK(prefix_covers(&prefix, &addr));
    return prefix_format(&prefix, text);
}

TEST(prefix_of, "an address is in a block of each length, which is written as it is read")
{
    CHECK_TEXT(block_of("192.0.2.255", 32), "192.0.2.255/32");
    CHECK_TEXT(block_of("192.0.2.255", 25), "192.0.2.128/25");
    CHECK_TEXT(block_of("192.0.2.255", 0), "0.0.0.0/0");
    CHECK_TEXT(block_of("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", 128),
               "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff/128");
    CHECK_TEXT(block_of("2001:db8:ffff::1", 33), "2001:db8:8000::/33");
    CHECK_TEXT(block_of("2001:db8::1", 0), "::/0");
}

static uint64_t hash(const char *host, unsigned bits, unsigned purpose)
{
    const struct hash_key key = { 1, 2 };
    union addr addr;

    CHECK_EQUAL(addr_parse(host, 53, &addr), OK);
    return prefix_hash(&key, &addr, bits, purpose);
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
