/* tests/unit/querylog/scrub.c - what in a message tells of the client. */
#include "querylog/scrub.h"

#include "unit/dns/wire.h"

static struct wire m;
static uint8_t room[DNS_MESSAGE_MAX];

/* As a prefix of 16 bits would be kept. */
static void hide(void *arg, uint8_t *address, size_t len)
{
    (void)arg;
    memset(address + 2, 0, len - 2);
}

#define OPTIONS_BEFORE                                                                             \
    "\0\x08\0\7\0\1\x18\0\xc6\x33\x64" /* 198.51.100.0/24 */                                       \
    "\0\x0a\0\x8"                                                                                  \
    "12345678"       /* a cookie */                                                                \
    "\0\x0c\0\2\0\0" /* padding */                                                                 \
    "\xfd\xe9\0\6"                                                                                 \
    "\xde\xad\xbe\xef\0\1" /* 65001: some routers put the client's MAC there */
#define OPTIONS_BEHIND                                                                             \
    "\0\x08\0\7\0\1\x18\0\xc6\x33\0"                                                               \
    "\0\x0a\0\x8\0\0\0\0\0\0\0\0"                                                                  \
    "\0\x0c\0\2\0\0"                                                                               \
    "\xfd\xe9\0\6\0\0\0\0\0\0"

static void make(uint16_t flags, uint32_t ttl, struct slice options)
{
    wire_header(&m, flags, 1, 0, 0, 1);
    wire_question(&m, "www.example.com", TYPE_A);
    wire_opt(&m, ttl, options);
}

static void check_scrubbed(struct slice got, struct slice options)
{
    size_t before = writer_len(&m.w) - options.len;

    CHECK_EQUAL(got.len, writer_len(&m.w));
    CHECK_BYTES(got.data, m.room, before);
    CHECK_BYTES(got.data + before, options.data, options.len);
}

TEST(scrub_query, "a query loses its cookie, what nobody knows, and the rest of its subnet")
{
    make(DNS_RD, 0, BYTES(OPTIONS_BEFORE));
    check_scrubbed(scrub_query(writer_slice(&m.w), room, hide, NULL), BYTES(OPTIONS_BEHIND));
}

TEST(scrub_response, "a response does the same")
{
    make(DNS_QR, 0, BYTES(OPTIONS_BEFORE));
    check_scrubbed(scrub_response(writer_slice(&m.w), room, hide, NULL), BYTES(OPTIONS_BEHIND));
    CHECK_EQUAL(scrub_response(BYTES("\x12\x34\x81\x05\0\0\0\0\0\0\0\0"), room, hide, NULL).len,
                12);
}

TEST(scrub_plain, "a message without EDNS stays as it is")
{
    wire_header(&m, DNS_RD, 1, 0, 0, 0);
    wire_question(&m, "www.example.com", TYPE_A);
    check_scrubbed(scrub_query(writer_slice(&m.w), room, hide, NULL), BYTES(""));
}

TEST(scrub_odd, "what cannot be looked through is left out: other versions, signatures, nonsense")
{
    make(DNS_RD, 1u << 16, BYTES(OPTIONS_BEFORE)); /* EDNS version 1 */
    CHECK_EQUAL(scrub_query(writer_slice(&m.w), room, hide, NULL).len, 0);
    wire_header(&m, DNS_RD, 1, 0, 0, 1);
    wire_question(&m, "www.example.com", TYPE_A);
    wire_record(&m, NAME("key.of.client"), TYPE_TSIG, BYTES(""));
    CHECK_EQUAL(scrub_query(writer_slice(&m.w), room, hide, NULL).len, 0);
    CHECK_EQUAL(scrub_query(BYTES("\1\2\3"), room, hide, NULL).len, 0);
    CHECK_EQUAL(scrub_response(BYTES("\1\2\3"), room, hide, NULL).len, 0);
    make(DNS_QR, 1u << 16, BYTES(OPTIONS_BEFORE));
    CHECK_EQUAL(scrub_response(writer_slice(&m.w), room, hide, NULL).len, 0);
}

TEST(scrub_subnet, "a subnet keeps no more bits than it has, and malformed ones are nothing")
{
    uint8_t option[] = { 0, 1, 20, 0, 0xff, 0xff, 0xff };
    uint8_t long_one[] = { 0, 1, 32, 0, 1, 2, 3, 4, 5 }, family[] = { 0, 3, 8, 0, 1 };

    CHECK(scrub_subnet(option, sizeof option, hide, NULL));
    CHECK_BYTES(option, "\0\1\x14\0\xff\xff\0", sizeof option);
    CHECK(!scrub_subnet(option, 3, hide, NULL));
    CHECK(!scrub_subnet(long_one, sizeof long_one, hide, NULL));
    CHECK(!scrub_subnet(family, sizeof family, hide, NULL));
}
