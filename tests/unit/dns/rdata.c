#include "dns/rdata.h"
#include "unit/dns/wire.h"

/* Judges RDATA that stands behind the name "example." at offset 12. */
static bool fits(uint16_t type, struct slice rdata)
{
    struct wire *m = &(struct wire){ 0 };
    struct slice all;

    wire_header(m, DNS_QR, 1, 0, 0, 0);
    wire_question(m, "example", type);
    write_bytes(&m->w, rdata);
    all = writer_slice(&m->w);
    return rdata_fits(rdata_reader(all, slice_of(all.data + all.len - rdata.len, rdata.len)),
                      type_layout(type, CLASS_IN));
}

TEST(rdata_has_its_width, "RDATA of fixed width is neither shorter nor longer")
{
    CHECK(fits(TYPE_A, BYTES("1234")));
    CHECK(!fits(TYPE_A, BYTES("123")));
    CHECK(!fits(TYPE_A, BYTES("12345")));
    CHECK(fits(TYPE_AAAA, BYTES("0123456789abcdef")));
    CHECK(!fits(TYPE_AAAA, BYTES("1234")));
    CHECK(!fits(TYPE_A, BYTES("")));
}

TEST(rdata_names, "names are compressed only where they may be, and end with the RDATA")
{
    CHECK(fits(TYPE_NS, BYTES("\xc0\x0c")));
    CHECK(fits(TYPE_MX, BYTES("\0\1\4mail\xc0\x0c")));
    CHECK(!fits(TYPE_MX, BYTES("\0\1\4mail")));
    CHECK(!fits(TYPE_NS, BYTES("\xc0\x0c!")));
    CHECK(!fits(TYPE_NS, BYTES("\xc0\xff")));
    CHECK(!fits(TYPE_DNAME, BYTES("\xc0\x0c")));
    CHECK(fits(TYPE_DNAME, BYTES("\1a\0")));
    CHECK(fits(TYPE_SRV, BYTES("\0\1\0\2\0\3\xc0\x0c")));
    CHECK(fits(TYPE_SOA, BYTES("\xc0\x0c\xc0\x0c"
                               "aaaabbbbccccddddeeee")));
    CHECK(!fits(TYPE_SOA, BYTES("\xc0\x0c\xc0\x0c"
                                "aaaabbbbccccddddeee")));
}

TEST(rdata_strings, "strings stay within the RDATA, and TXT has at least one")
{
    CHECK(fits(TYPE_TXT, BYTES("\1a\0\2bc")));
    CHECK(!fits(TYPE_TXT, BYTES("\3ab")));
    CHECK(!fits(TYPE_TXT, BYTES("")));
    CHECK(fits(TYPE_CAA, BYTES("\0\5issueca.example")));
    CHECK(!fits(TYPE_HINFO, BYTES("\1a")));
}

TEST(rdata_unknown, "what is not known may be anything")
{
    CHECK(fits(65400, BYTES("\xc0\xff")));
    CHECK(fits(65400, BYTES("")));
}
