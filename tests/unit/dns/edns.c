#include "dns/edns.h"
#include "unit/dns/wire.h"

TEST(edns_fixed_part, "version, extended RCODE, DO and size are read")
{
    struct edns e;

    CHECK_EQUAL(read_edns(1400, 0x01008000, BYTES(""), &e), OK);
    CHECK(e.present && e.dnssec_ok);
    CHECK(e.version == 0 && e.extended_rcode == 1 && e.udp_size == 1400);
    CHECK_EQUAL(read_edns(0, 0, BYTES(""), &e), OK);
    CHECK_EQUAL(e.udp_size, 512);
    CHECK(!e.dnssec_ok && !e.wants_keepalive && !e.padded);
}

TEST(edns_options, "the options that matter are noted, unknown ones ignored")
{
    const struct slice options = BYTES("\0\x0a\0\x08"
                                       "12345678"
                                       "\xff\x00\0\2xx"
                                       "\0\x08\0\4\0\1\0\0"
                                       "\0\x0b\0\0"
                                       "\0\x0c\0\1\0"
                                       "\0\x0f\0\3\0\x16!");
    struct edns e;

    CHECK_EQUAL(read_edns(1232, 0, options, &e), OK);
    CHECK(slice_equal(e.cookie, BYTES("12345678")));
    CHECK(slice_equal(e.client_subnet, BYTES("\0\1\0\0")));
    CHECK(slice_equal(e.extended_error, BYTES("\0\x16!")));
    CHECK(e.wants_keepalive && !e.has_keepalive && e.padded);
}

TEST(edns_keepalive, "a timeout is a server's; other lengths say nothing")
{
    struct edns e;

    CHECK_EQUAL(read_edns(1232, 0, BYTES("\0\x0b\0\2\0\x64"), &e), OK);
    CHECK(e.has_keepalive && !e.wants_keepalive && e.keepalive_timeout == 100);
    CHECK_EQUAL(read_edns(1232, 0, BYTES("\0\x0b\0\1\1"), &e), OK);
    CHECK(!e.has_keepalive && !e.wants_keepalive);
}

TEST(edns_lengths, "an option that runs past the record is malformed, and the rest still told")
{
    struct edns e;

    CHECK_EQUAL(read_edns(1400, 0x8000,
                          BYTES("\0\x0a\0\x09"
                                "12345678"),
                          &e),
                ERR_MALFORMED);
    CHECK(e.present && e.dnssec_ok && e.udp_size == 1400);
    CHECK_EQUAL(read_edns(1400, 0, BYTES("\0\x0a\0"), &e), ERR_MALFORMED);
}

TEST(edns_versions, "the options of another version are not looked into")
{
    struct edns e;

    CHECK_EQUAL(read_edns(1400, 0x00010000, BYTES("\0"), &e), OK);
    CHECK_EQUAL(e.version, 1);
}
