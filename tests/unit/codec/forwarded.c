#include "codec/forwarded.h"
#include "unit/test.h"

static struct prefix items[2];
static const struct prefixes trusted = { items, 2 };

static const char *client_of(const char *forwarded, const char *x_forwarded_for, const char *from)
{
    static char text[ADDR_TEXT_MAX];
    const struct http_request request = {
        .forwarded = slice_of(forwarded, strlen(forwarded)),
        .x_forwarded_for = slice_of(x_forwarded_for, strlen(x_forwarded_for)),
    };
    union addr peer, client;

    CHECK_EQUAL(prefix_parse("10.0.0.0/8", &items[0]), OK);
    CHECK_EQUAL(prefix_parse("fd00::/8", &items[1]), OK);
    CHECK_EQUAL(addr_parse(from, 7, &peer), OK);
    if (forwarded_client(&request, &trusted, &peer, &client) != OK)
        return "two clients";
    return addr_format(&client, text);
}

TEST(forwarded_last_untrusted, "the client is the last one that no trusted proxy is")
{
    CHECK_TEXT(client_of("", "192.0.2.1", "10.0.0.1"), "192.0.2.1:0");
    CHECK_TEXT(client_of("", "198.51.100.1, 192.0.2.1 , 10.0.0.2", "10.0.0.1"), "192.0.2.1:0");
    CHECK_TEXT(client_of("", "192.0.2.1:80, [fd00::1]:80,fd00::2", "10.0.0.1"), "192.0.2.1:0");
    CHECK_TEXT(client_of("", "10.0.0.3,10.0.0.2", "10.0.0.1"), "10.0.0.3:0");
    CHECK_TEXT(client_of("", "", "10.0.0.1"), "10.0.0.1:7");
}

TEST(forwarded_stranger, "whoever is not trusted speaks for itself alone")
{
    CHECK_TEXT(client_of("", "192.0.2.1", "198.51.100.9"), "198.51.100.9:7");
    CHECK_TEXT(client_of("for=192.0.2.1", "", "198.51.100.9"), "198.51.100.9:7");
}

TEST(forwarded_standard, "Forwarded is read, its names in any case")
{
    CHECK_TEXT(client_of("for=192.0.2.1", "", "10.0.0.1"), "192.0.2.1:0");
    CHECK_TEXT(
        client_of("For=\"[2001:db8::1]:4711\";proto=https, for=10.0.0.2;by=x", "", "10.0.0.1"),
        "[2001:db8::1]:0");
}

TEST(forwarded_unreadable, "what cannot be read ends the walk with the last who could")
{
    CHECK_TEXT(client_of("", "192.0.2.1, unknown", "10.0.0.1"), "10.0.0.1:7");
    CHECK_TEXT(client_of("", "192.0.2.1, unknown, 10.0.0.2", "10.0.0.1"), "10.0.0.2:0");
    CHECK_TEXT(client_of("for=192.0.2.1, for=_hidden", "", "10.0.0.1"), "10.0.0.1:7");
    CHECK_TEXT(client_of("proto=https", "", "10.0.0.1"), "10.0.0.1:7");
    CHECK_TEXT(client_of("", ",,", "10.0.0.1"), "10.0.0.1:7");
    CHECK_TEXT(client_of("", "[2001:db8::1", "10.0.0.1"), "10.0.0.1:7");
}

TEST(forwarded_two, "of two fields that differ one is the client's invention, and none is believed")
{
    CHECK_TEXT(client_of("for=192.0.2.1", "192.0.2.2", "10.0.0.1"), "two clients");
    CHECK_TEXT(client_of("for=unknown", "192.0.2.2", "10.0.0.1"), "two clients");
    CHECK_TEXT(client_of("for=192.0.2.1", "192.0.2.1, 10.0.0.7", "10.0.0.1"), "192.0.2.1:0");
    CHECK_TEXT(client_of("for=192.0.2.1", "192.0.2.2", "198.51.100.9"), "198.51.100.9:7");
}

TEST(forwarded_mapped, "a client of IPv4 is the same when it is told as IPv6; scopes mean nothing")
{
    CHECK_TEXT(client_of("", "::ffff:192.0.2.1", "10.0.0.1"), "192.0.2.1:0");
    CHECK_TEXT(client_of("", "192.0.2.1, [::ffff:10.0.0.2]:80", "10.0.0.1"), "192.0.2.1:0");
    CHECK_TEXT(client_of("for=\"[::FFFF:c000:201]:80\"", "", "10.0.0.1"), "192.0.2.1:0");
    CHECK_TEXT(client_of("", "fe80::1%lo", "10.0.0.1"), "10.0.0.1:7");
}
