#include "codec/proxy2.h"
#include "unit/test.h"

#define SIGNATURE   "\r\n\r\n\0\r\nQUIT\n"
#define BYTES(text) slice_of(text, sizeof(text) - 1)

static const char v4[] = SIGNATURE "\x21\x11\0\x0c\xc0\0\2\1\xc6\x33\x64\1\x30\x39\0\x35";
static const char v6[] = SIGNATURE
    "\x21\x21\0\x27" /* and a TLV of three bytes */
    "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\2\x30\x39\0\x35"
    "\4\0\0";

static void check_client(struct slice bytes, const char *expected)
{
    struct proxy2 header;
    char text[ADDR_TEXT_MAX];

    CHECK_EQUAL(proxy2_read(bytes, &header), OK);
    CHECK_EQUAL(header.len, bytes.len);
    CHECK(header.has_client);
    CHECK_TEXT(addr_format(&header.client, text), expected);
}

TEST(proxy2_clients, "the client's address and port are read, in both families")
{
    check_client(BYTES(v4), "192.0.2.1:12345");
    check_client(BYTES(v6), "[2001:db8::1]:12345");
    check_client(BYTES(SIGNATURE "\x21\x12\0\x0c\xc0\0\2\1\xc6\x33\x64\1\x30\x39\0\x35"),
                 "192.0.2.1:12345"); /* of a datagram */
    check_client(BYTES(SIGNATURE "\x21\x21\0\x24\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\2\1"
                                 "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\2\2\x30\x39\0\x35"),
                 "192.0.2.1:12345");
}

TEST(proxy2_pieces, "a header in pieces is waited for, and what follows it is left alone")
{
    struct proxy2 header;
    char more[sizeof v4 + 3];

    for (size_t len = 0; len < sizeof v4 - 1; len++)
        CHECK_EQUAL(proxy2_read(slice_of(v4, len), &header), ERR_AGAIN);
    memcpy(more, v4, sizeof v4 - 1);
    memcpy(more + sizeof v4 - 1, "dns", 4);
    CHECK_EQUAL(proxy2_read(slice_of(more, sizeof v4 + 2), &header), OK);
    CHECK_EQUAL(header.len, sizeof v4 - 1);
}

TEST(proxy2_nobody, "a balancer that speaks for itself, or of no IP address, names no client")
{
    struct proxy2 header;

    CHECK_EQUAL(proxy2_read(BYTES(SIGNATURE "\x20\x00\0\0"), &header), OK);
    CHECK(!header.has_client);
    CHECK_EQUAL(proxy2_read(BYTES(SIGNATURE "\x21\x00\0\2ab"), &header), OK);
    CHECK(!header.has_client);
    CHECK_EQUAL(header.len, 18);
    CHECK_EQUAL(proxy2_read(BYTES(SIGNATURE "\x20\x11\0\2ab"), &header), OK);
    CHECK(!header.has_client);
}

TEST(proxy2_wrong, "what is no header of version 2 is refused as soon as it shows")
{
    struct proxy2 header;

    CHECK_EQUAL(proxy2_read(BYTES("P"), &header), ERR_MALFORMED);
    CHECK_EQUAL(proxy2_read(BYTES("\r\n\r\n\1"), &header), ERR_MALFORMED);
    CHECK_EQUAL(proxy2_read(BYTES(SIGNATURE "\x11\x11\0\x0c"), &header), ERR_MALFORMED);
    CHECK_EQUAL(proxy2_read(BYTES(SIGNATURE "\x22\x11\0\x0c"), &header), ERR_MALFORMED);
    CHECK_EQUAL(proxy2_read(BYTES(SIGNATURE "\x21\x11\xff\xff"), &header), ERR_MALFORMED);
    CHECK_EQUAL(proxy2_read(BYTES(SIGNATURE "\x21\x11\0\4\xc0\0\2\1"), &header), ERR_MALFORMED);
    CHECK_EQUAL(proxy2_read(BYTES(SIGNATURE "\x21\x21\0\4\xc0\0\2\1"), &header), ERR_MALFORMED);
}

TEST(proxy2_short, "the addresses must be there to their last byte")
{
    struct proxy2 header;
    char one_less[sizeof v6];

    memcpy(one_less, v4, sizeof v4);
    one_less[15] = 0x0b;
    CHECK_EQUAL(proxy2_read(BYTES(one_less), &header), ERR_MALFORMED);
    memcpy(one_less, v6, sizeof v6);
    one_less[15] = 0x23;
    CHECK_EQUAL(proxy2_read(BYTES(one_less), &header), ERR_MALFORMED);
    one_less[15] = 0x24;
    CHECK_EQUAL(proxy2_read(BYTES(one_less), &header), OK);
}
