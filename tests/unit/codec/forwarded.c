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
    client = forwarded_client(&request, &trusted, &peer);
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

TEST(forwarded_standard, "Forwarded is read, and goes before X-Forwarded-For")
{
    CHECK_TEXT(client_of("for=192.0.2.1", "192.0.2.2", "10.0.0.1"), "192.0.2.1:0");
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

/* So a proxy writes down who came to its [::]. */
TEST(forwarded_mapped, "an IPv4 client that is told as IPv6 is the one of IPv4")
{
    CHECK_TEXT(client_of("", "::ffff:192.0.2.1", "10.0.0.1"), "192.0.2.1:0");
    CHECK_TEXT(client_of("", "192.0.2.1, ::ffff:10.0.0.2", "10.0.0.1"), "192.0.2.1:0");
    CHECK_TEXT(client_of("for=\"[::FFFF:c000:201]:80\"", "", "10.0.0.1"), "192.0.2.1:0");
}
