#include "base/addr.h"
#include "unit/test.h"

static const char *rewritten(const char *host)
{
    static char text[ADDR_TEXT_MAX];
    union addr addr;

    if (addr_parse(host, 853, &addr) != OK)
        return "refused";
    return addr_format(&addr, text);
}

TEST(addr_reads_both_families, "an address is written as it was read, IPv6 in brackets")
{
    CHECK_TEXT(rewritten("192.0.2.1"), "192.0.2.1:853");
    CHECK_TEXT(rewritten("2001:DB8::1"), "[2001:db8::1]:853");
}

TEST(addr_refuses_names, "only whole numeric addresses are read")
{
    CHECK_TEXT(rewritten("localhost"), "refused");
    CHECK_TEXT(rewritten("127.1"), "refused");
    CHECK_TEXT(rewritten("0x7f000001"), "refused");
    CHECK_TEXT(rewritten(""), "refused");
    CHECK_TEXT(rewritten("::1::"), "refused");
    CHECK_TEXT(rewritten("1.2.3.4.5"), "refused");
}

TEST(addr_compares, "addresses are equal when family, address and port are")
{
    union addr a, b;

    CHECK_EQUAL(addr_parse("::1", 53, &a), OK);
    CHECK_EQUAL(addr_parse("::1", 53, &b), OK);
    CHECK(addr_equal(&a, &b));
    CHECK_EQUAL(addr_parse("::1", 54, &b), OK);
    CHECK(!addr_equal(&a, &b));
    CHECK_EQUAL(addr_parse("127.0.0.1", 53, &b), OK);
    CHECK(!addr_equal(&a, &b));
}

TEST(addr_knows_wildcards, "0.0.0.0 and :: are wildcards")
{
    union addr addr;

    CHECK_EQUAL(addr_parse("0.0.0.0", 53, &addr), OK);
    CHECK(addr_is_wildcard(&addr));
    CHECK_EQUAL(addr_parse("::", 53, &addr), OK);
    CHECK(addr_is_wildcard(&addr));
    CHECK_EQUAL(addr_parse("127.0.0.1", 53, &addr), OK);
    CHECK(!addr_is_wildcard(&addr));
}
