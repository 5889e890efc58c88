#include "dns/registrable.h"
#include "unit/dns/wire.h"

static const char *registrable(const char *name)
{
    static char text[DNS_NAME_TEXT_MAX];

    return name_to_text(name_registrable(NAME(name)), text, sizeof text) ? text : "none";
}

TEST(registrable_known, "what stands below a public suffix belongs to one owner")
{
    CHECK_TEXT(registrable("example.com"), "example.com.");
    CHECK_TEXT(registrable("a.b.example.com"), "example.com.");
    CHECK_TEXT(registrable("www.example.co.uk"), "example.co.uk.");
    CHECK_TEXT(registrable("a.b.c.kawasaki.jp"), "b.c.kawasaki.jp.");
    CHECK_TEXT(registrable("x.city.kawasaki.jp"), "city.kawasaki.jp.");
}

TEST(registrable_unknown, "of other names the last two labels count")
{
    CHECK_TEXT(registrable("a.b.nosuchtld"), "b.nosuchtld.");
    CHECK_TEXT(registrable("co.uk"), "co.uk.");
    CHECK_TEXT(registrable("com"), "com.");
    CHECK_TEXT(registrable("b.kawasaki.jp"), "kawasaki.jp.");
    CHECK_TEXT(registrable("."), ".");
}

TEST(registrable_odd, "bytes that stand in no public suffix are only bytes")
{
    CHECK_TEXT(registrable("a\\.co.uk"), "a\\.co.uk.");
    CHECK_TEXT(registrable("x.a\\000b.co.uk"), "a\\000b.co.uk.");
    CHECK_TEXT(registrable("x.\\255.com"), "\\255.com.");
    CHECK_TEXT(registrable("_443._tcp.example.com"), "example.com.");
}

TEST(registrable_long, "a name of many labels costs no more than one of eight")
{
    uint8_t room[DNS_NAME_MAX];
    struct slice end;

    for (size_t i = 0; i < 254; i += 2)
        memcpy(room + i, "\1x", 2);
    room[254] = 0;
    end = name_registrable(slice_of(room, sizeof room));
    CHECK_EQUAL(end.len, 5);
    CHECK(end.data == room + 250);
}

TEST(registrable_no_name, "what is no name has no end")
{
    CHECK_EQUAL(name_registrable(BYTES("\3ab")).len, 0);
    CHECK_EQUAL(name_registrable(BYTES("\1a")).len, 0);
    CHECK_EQUAL(name_registrable(BYTES("\xc0\x0c")).len, 0);
    CHECK_EQUAL(name_registrable((struct slice){ 0 }).len, 0);
}
