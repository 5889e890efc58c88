#include "dns/message.h"
#include "unit/dns/wire.h"

/* The RCODE a query is answered with; -1 when it is dropped. */
static int verdict(const struct wire *m, struct message_query *q)
{
    return message_read_query(writer_slice(&m->w), q) == OK ? q->rcode : -1;
}

TEST(query_plain, "a question with an OPT record may be asked")
{
    struct wire m;
    struct message_query q;

    wire_header(&m, DNS_RD | DNS_CD, 1, 0, 0, 1);
    wire_question(&m, "wWw.example", TYPE_A);
    wire_opt(&m, 0x8000, BYTES("\xff\1\0\1x"));
    CHECK_EQUAL(verdict(&m, &q), RCODE_NOERROR);
    CHECK(q.header.id == WIRE_ID && (q.header.flags & DNS_CD) && q.has_question);
    CHECK(slice_equal(question_name(&q.question), NAME("wWw.example")));
    CHECK(q.edns.present && q.edns.dnssec_ok && q.edns.udp_size == 4096);
}

TEST(query_dropped, "less than a header, and responses, get no response")
{
    struct message_query q;
    struct wire m;

    CHECK_EQUAL(message_read_query(BYTES("\0\1\1\0\0\0\0\0\0\0\0"), &q), ERR_MALFORMED);
    wire_header(&m, DNS_QR, 1, 0, 0, 0);
    wire_question(&m, "example", TYPE_A);
    CHECK_EQUAL(verdict(&m, &q), -1);
}

TEST(query_opcodes, "another opcode is not implemented, whatever its counts say")
{
    struct message_query q;
    struct wire m;

    wire_header(&m, OPCODE_UPDATE << 11, 7, 8, 9, 10);
    CHECK_EQUAL(verdict(&m, &q), RCODE_NOTIMP);
    CHECK(!q.has_question);
}

TEST(query_counts, "a query has one question, and neither answers nor authority")
{
    const uint16_t counts[][3] = { { 0, 0, 0 }, { 2, 0, 0 }, { 1, 1, 0 }, { 1, 0, 1 } };
    struct message_query q;
    struct wire m;

    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        wire_header(&m, 0, counts[i][0], counts[i][1], counts[i][2], 0);
        for (unsigned n = counts[i][0]; n > 0; n--)
            wire_question(&m, "example", TYPE_A);
        for (unsigned n = counts[i][1] + counts[i][2]; n > 0; n--)
            wire_record(&m, TO_QUESTION, TYPE_A, BYTES("1234"));
        CHECK_EQUAL(verdict(&m, &q), RCODE_FORMERR);
        CHECK_EQUAL(q.has_question, counts[i][0] == 1);
    }
}

TEST(query_cookies, "the first COOKIE option counts, and its length is somebody else's business")
{
    struct message_query q;
    struct wire m;

    wire_header(&m, 0, 1, 0, 0, 1);
    wire_question(&m, "example", TYPE_A);
    wire_opt(&m, 0,
             BYTES("\0\x0a\0\x07"
                   "1234567"
                   "\0\x0a\0\x08"
                   "........"));
    CHECK_EQUAL(verdict(&m, &q), RCODE_NOERROR);
    CHECK(slice_equal(q.edns.cookie, BYTES("1234567")));
    wire_header(&m, 0, 1, 0, 0, 1);
    wire_question(&m, "example", TYPE_A);
    wire_opt(&m, 0, BYTES("\0\x0a\0\0"));
    CHECK_EQUAL(verdict(&m, &q), RCODE_NOERROR);
    CHECK(q.edns.cookie.data && q.edns.cookie.len == 0);
}

TEST(query_cookie_only, "a query without a question asks for a cookie, and for nothing else")
{
    const struct slice cookie = BYTES("\0\x0a\0\x08"
                                      "12345678");
    struct message_query q;
    struct wire m;

    wire_header(&m, 0, 0, 0, 0, 1);
    wire_opt(&m, 0, cookie);
    CHECK_EQUAL(verdict(&m, &q), RCODE_NOERROR);
    CHECK(!q.has_question);
    CHECK(slice_equal(question_name(&q.question), NAME(".")) && q.question.qtype == 0);
    wire_header(&m, 0, 0, 0, 0, 1);
    wire_opt(&m, 0, BYTES(""));
    CHECK_EQUAL(verdict(&m, &q), RCODE_FORMERR);
    wire_header(&m, 0, 0, 1, 0, 1);
    wire_record(&m, NAME("."), TYPE_A, BYTES("1234"));
    wire_opt(&m, 0, cookie);
    CHECK_EQUAL(verdict(&m, &q), RCODE_FORMERR);
}

TEST(query_transfers, "transfers are refused, the SOA of IXFR may stand in the authority section")
{
    const uint16_t types[] = { TYPE_AXFR, TYPE_IXFR, TYPE_MAILA, TYPE_MAILB };
    struct message_query q;
    struct wire m;

    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        wire_header(&m, 0, 1, 0, types[i] == TYPE_IXFR, 0);
        wire_question(&m, "example", types[i]);
        if (types[i] == TYPE_IXFR)
            wire_record(&m, TO_QUESTION, TYPE_SOA, BYTES("serial"));
        CHECK_EQUAL(verdict(&m, &q), RCODE_REFUSED);
        CHECK(q.has_question);
    }
}

TEST(query_for_no_record, "OPT, TKEY and TSIG are no questions")
{
    const uint16_t types[] = { TYPE_OPT, TYPE_TKEY, TYPE_TSIG };
    struct message_query q;
    struct wire m;

    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        wire_header(&m, 0, 1, 0, 0, 0);
        wire_question(&m, "example", types[i]);
        CHECK_EQUAL(verdict(&m, &q), RCODE_FORMERR);
    }
}

TEST(query_versions, "another version of EDNS is told by BADVERS, before the type is judged")
{
    struct message_query q;
    struct wire m;

    wire_header(&m, 0, 1, 0, 0, 1);
    wire_question(&m, "example", TYPE_AXFR);
    wire_opt(&m, 0x00018000, BYTES("?"));
    CHECK_EQUAL(verdict(&m, &q), RCODE_BADVERS);
    CHECK(q.has_question && q.edns.dnssec_ok && q.edns.udp_size == 4096);
}

TEST(query_opts,
     "two OPT records, a bad option, or an owner that is not the root: FORMERR with OPT")
{
    struct message_query q;
    struct wire m;

    wire_header(&m, 0, 1, 0, 0, 2);
    wire_question(&m, "example", TYPE_A);
    wire_opt(&m, 0, BYTES(""));
    wire_opt(&m, 0, BYTES(""));
    CHECK_EQUAL(verdict(&m, &q), RCODE_FORMERR);
    CHECK(q.has_question && q.edns.present);
    wire_header(&m, 0, 1, 0, 0, 1);
    wire_question(&m, "example", TYPE_A);
    wire_opt(&m, 0, BYTES("\0\1\0\1"));
    CHECK_EQUAL(verdict(&m, &q), RCODE_FORMERR);
    CHECK(q.edns.present);
    wire_header(&m, 0, 1, 0, 0, 1);
    wire_question(&m, "example", TYPE_A);
    wire_record(&m, TO_QUESTION, TYPE_OPT, BYTES(""));
    CHECK_EQUAL(verdict(&m, &q), RCODE_FORMERR);
}

TEST(query_garbage, "bytes behind the last record and records cut short are FORMERR")
{
    struct message_query q;
    struct wire m;

    wire_header(&m, 0, 1, 0, 0, 0);
    wire_question(&m, "example", TYPE_A);
    write_u8(&m.w, 0);
    CHECK_EQUAL(verdict(&m, &q), RCODE_FORMERR);
    CHECK(q.has_question);
    wire_header(&m, 0, 1, 0, 0, 1);
    wire_question(&m, "example", TYPE_A);
    CHECK_EQUAL(verdict(&m, &q), RCODE_FORMERR);
    wire_header(&m, 0, 1, 0, 0, 0);
    write_bytes(&m.w, BYTES("\7exam"));
    CHECK_EQUAL(verdict(&m, &q), RCODE_FORMERR);
    CHECK(!q.has_question);
}

TEST(query_other_records, "a signature behind the OPT is walked over and ignored")
{
    struct message_query q;
    struct wire m;

    wire_header(&m, 0, 1, 0, 0, 2);
    wire_question(&m, "example", TYPE_A);
    wire_opt(&m, 0, BYTES(""));
    wire_record(&m, NAME("key"), TYPE_TSIG, BYTES("whatever"));
    CHECK_EQUAL(verdict(&m, &q), RCODE_NOERROR);
    CHECK(q.edns.present);
}

static err_t read(const struct wire *m, struct message *ret)
{
    return message_read_response(writer_slice(&m->w), ret);
}

TEST(response_sections, "a response is read, and its records come in order, each with its section")
{
    struct wire w;
    struct message m;
    struct records records;
    struct record rr;

    wire_header(&w, DNS_QR | DNS_RA | 3, 1, 1, 1, 2);
    wire_question(&w, "www.example", TYPE_A);
    wire_record(&w, TO_QUESTION, TYPE_CNAME, BYTES("\2me\xc0\x10"));
    wire_record(&w, BYTES("\xc0\x10"), TYPE_NS, BYTES("\2ns\xc0\x10"));
    wire_opt(&w, 0x01000000, BYTES("\0\x0f\0\2\0\x16"));
    wire_record(&w, NAME("ns.example"), TYPE_A, BYTES("1234"));
    CHECK_EQUAL(read(&w, &m), OK);
    CHECK(slice_equal(m.question_name, NAME("www.example")) && m.qtype == TYPE_A);
    CHECK_EQUAL(message_rcode(&m), 0x13);
    CHECK_EQUAL(m.opt_end - m.opt_start, 11 + 6);
    records = message_records(&m);
    CHECK(message_next_record(&records, &rr) && rr.section == SECTION_ANSWER);
    CHECK(rr.start == m.question_end && rr.end == m.answer_end && rr.type == TYPE_CNAME);
    CHECK(message_next_record(&records, &rr) && rr.section == SECTION_AUTHORITY);
    CHECK(rr.ttl == WIRE_TTL && rr.dns_class == CLASS_IN && rr.rdata.len == 5);
    CHECK(message_next_record(&records, &rr) && rr.type == TYPE_OPT);
    CHECK(rr.start == m.opt_start && rr.end == m.opt_end);
    CHECK(message_next_record(&records, &rr) && rr.section == SECTION_ADDITIONAL);
    CHECK(rr.end == m.wire.len);
    CHECK(!message_next_record(&records, &rr));
}

TEST(response_heads, "only a response to a query with one question is one")
{
    const uint16_t flags[] = { 0, DNS_QR | 1 << 11, DNS_QR, DNS_QR };
    const uint16_t questions[] = { 1, 1, 0, 2 };
    struct wire w;
    struct message m;

    for (size_t i = 0; i < 4; i++) {
        wire_header(&w, flags[i], questions[i], 0, 0, 0);
        for (uint16_t n = 0; n < questions[i]; n++)
            wire_question(&w, "example", TYPE_A);
        CHECK_EQUAL(read(&w, &m), ERR_MALFORMED);
    }
    CHECK_EQUAL(message_read_response(BYTES(""), &m), ERR_MALFORMED);
}

static err_t read_with(uint16_t type, struct slice rdata)
{
    struct wire w;
    struct message m;

    wire_header(&w, DNS_QR, 1, 1, 0, 0);
    wire_question(&w, "example", type);
    wire_record(&w, TO_QUESTION, type, rdata);
    return read(&w, &m);
}

TEST(response_rdata, "RDATA that is not what its type wants is malformed, unknown types may be all")
{
    CHECK_EQUAL(read_with(TYPE_A, BYTES("1234")), OK);
    CHECK_EQUAL(read_with(TYPE_A, BYTES("12345")), ERR_MALFORMED);
    CHECK_EQUAL(read_with(TYPE_NS, BYTES("\3www")), ERR_MALFORMED);
    CHECK_EQUAL(read_with(TYPE_NS, BYTES("\xc0\x30")), ERR_MALFORMED);
    CHECK_EQUAL(read_with(65400, BYTES("\xc0\x30")), OK);
}

TEST(response_ends, "bytes behind the last record, or a record that is missing, are malformed")
{
    struct wire w;
    struct message m;

    wire_header(&w, DNS_QR, 1, 0, 0, 0);
    wire_question(&w, "example", TYPE_A);
    CHECK_EQUAL(read(&w, &m), OK);
    write_u8(&w.w, 0);
    CHECK_EQUAL(read(&w, &m), ERR_MALFORMED);
    wire_header(&w, DNS_QR, 1, 1, 0, 0);
    wire_question(&w, "example", TYPE_A);
    CHECK_EQUAL(read(&w, &m), ERR_MALFORMED);
}

TEST(response_opts, "the OPT stands once, in the additional section, and belongs to the root")
{
    struct wire w;
    struct message m;

    wire_header(&w, DNS_QR, 1, 0, 1, 0);
    wire_question(&w, "example", TYPE_A);
    wire_opt(&w, 0, BYTES(""));
    CHECK_EQUAL(read(&w, &m), ERR_MALFORMED);
    wire_header(&w, DNS_QR, 1, 0, 0, 2);
    wire_question(&w, "example", TYPE_A);
    wire_opt(&w, 0, BYTES(""));
    CHECK_EQUAL(read(&w, &m), ERR_MALFORMED);
    wire_opt(&w, 0, BYTES(""));
    CHECK_EQUAL(read(&w, &m), ERR_MALFORMED);
    wire_header(&w, DNS_QR, 1, 0, 0, 1);
    wire_question(&w, "example", TYPE_A);
    wire_record(&w, TO_QUESTION, TYPE_OPT, BYTES(""));
    CHECK_EQUAL(read(&w, &m), ERR_MALFORMED);
}
