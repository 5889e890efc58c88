#include "dns/compose.h"
#include "unit/dns/wire.h"

static uint8_t room[DNS_MESSAGE_MAX];

static const struct compose_record address = { TYPE_A, 60, false, { (const uint8_t *)"1234", 4 } };
static const struct compose_record server = { TYPE_NS, 70, true, { 0 } };

static struct message own(const struct message_query *q, struct compose_local local, size_t limit)
{
    struct writer w = writer_of(room, sizeof room);
    struct message m;

    CHECK_EQUAL(compose_local(&w, q, &local, &(struct compose_settings){ .limit = limit }), OK);
    CHECK_EQUAL(message_read_response(writer_slice(&w), &m), OK);
    return m;
}

static void check_name(const struct message *m, size_t at, struct slice expected)
{
    struct reader r = reader_of(m->wire);
    uint8_t name[DNS_NAME_MAX];
    size_t len;

    read_bytes(&r, at);
    len = name_expand(&r, name);
    CHECK(slice_equal(slice_of(name, len), expected));
}

TEST(compose_own_records, "records of our own are owned by the question's name, or by its zone's")
{
    struct message_query client = client_for("a.wWw.example", DNS_RD | DNS_CD | DNS_AD, true);
    const struct compose_local local = { .rcode = RCODE_NXDOMAIN,
                                         .is_authoritative = true,
                                         .zone_at = 2,
                                         .answers = &address,
                                         .answer_count = 1,
                                         .authority = &server,
                                         .text = "RFC" };
    struct message m = own(&client, local, 512);
    struct records records = message_records(&m);
    struct record rr;

    CHECK_EQUAL(m.header.id, 0x4711);
    CHECK_EQUAL(m.header.flags, DNS_QR | DNS_AA | DNS_RD | DNS_RA | DNS_CD | RCODE_NXDOMAIN);
    CHECK(m.header.ancount == 1 && m.header.nscount == 1 && m.header.arcount == 1);
    CHECK(message_next_record(&records, &rr) && rr.section == SECTION_ANSWER);
    CHECK(rr.type == TYPE_A && rr.dns_class == CLASS_IN && rr.ttl == 60);
    CHECK(slice_equal(rr.rdata, BYTES("1234")));
    check_name(&m, rr.start, NAME("a.wWw.example"));
    CHECK(message_next_record(&records, &rr) && rr.section == SECTION_AUTHORITY);
    CHECK(rr.type == TYPE_NS && rr.ttl == 70);
    check_name(&m, rr.start, NAME("wWw.example"));
    check_name(&m, (size_t)(rr.rdata.data - m.wire.data), NAME("wWw.example"));
    CHECK(slice_equal(m.edns.extended_error, BYTES("\0\x1dRFC")));
    client.edns.present = false;
    m = own(&client, local, 512);
    CHECK(!m.edns.present && m.header.arcount == 0);
}

TEST(compose_own_truncated, "they are truncated like others: first the explanation goes, then they")
{
    const struct message_query client = client_for("www.example", 0, true);
    const struct compose_local local = { .answers = &address, .answer_count = 1, .text = "RFC" };
    struct message m = own(&client, local, 29 + 16 + 11 + 9);

    CHECK(!(m.header.flags & DNS_TC) && m.edns.extended_error.len);
    m = own(&client, local, 29 + 16 + 11 + 8);
    CHECK((m.header.flags & DNS_TC) && m.header.ancount == 1 && !m.edns.extended_error.len);
    m = own(&client, local, 29 + 16 + 10);
    CHECK((m.header.flags & DNS_TC) && m.header.ancount == 0 && m.edns.present);
}

TEST(compose_own_nothing, "there may be no record at all")
{
    const struct message_query client = client_for("www.example", 0, false);
    const struct message m = own(&client, (struct compose_local){ .rcode = RCODE_NOERROR }, 512);

    CHECK_EQUAL(m.header.flags, DNS_QR | DNS_RA);
    CHECK_EQUAL(m.wire.len, 29);
}

TEST(compose_own_many, "there may be several answers")
{
    static const struct compose_record addresses_of_ours[] = {
        { TYPE_A, 60, false, { (const uint8_t *)"1234", 4 } },
        { TYPE_A, 60, false, { (const uint8_t *)"5678", 4 } },
    };
    const struct message_query client = client_for("www.example", 0, false);
    const struct message m = own(
        &client, (struct compose_local){ .answers = addresses_of_ours, .answer_count = 2 }, 512);

    CHECK_EQUAL(m.header.ancount, 2);
    CHECK_EQUAL(m.wire.len, 29 + 2 * 16);
    CHECK_BYTES(m.wire.data + m.wire.len - 4, "5678", 4);
}
