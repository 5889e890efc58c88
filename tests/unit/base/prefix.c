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
