#include "dns/compose.h"
#include "unit/dns/wire.h"

static uint8_t room[DNS_MESSAGE_MAX];

/* Reads `upstream`, composes the response for `client` and reads that again. */
static struct message pass_on(const struct wire *upstream, const struct message_query *client,
                              struct compose_settings settings)
{
    struct writer w = writer_of(room, sizeof room);
    struct message m, again;

    if (settings.limit == 0)
        settings.limit = DNS_MESSAGE_MAX;
    CHECK_EQUAL(message_read_response(writer_slice(&upstream->w), &m), OK);
    CHECK_EQUAL(compose_response(&w, &m, client, &settings), OK);
    CHECK_EQUAL(message_read_response(writer_slice(&w), &again), OK);
    CHECK(again.wire.len <= settings.limit);
    return again;
}

static void addresses(struct wire *m, uint16_t flags, uint16_t count, uint16_t additional)
{
    wire_header(m, (uint16_t)(DNS_QR | flags), 1, count, 0, additional);
    wire_question(m, "www.example", TYPE_A);
    for (uint16_t i = 0; i < count; i++)
        wire_record(m, TO_QUESTION, TYPE_A, BYTES("1234"));
}

static struct slice records_of(const struct message *m)
{
    return slice_after(slice_of(m->wire.data, m->opt_start ? m->opt_start : m->wire.len),
                       m->question_end);
}

static struct slice composed_query(struct compose_query_settings settings)
{
    struct writer w = writer_of(room, DNS_QUERY_MAX);

    CHECK_EQUAL(compose_query(&w, &settings), OK);
    return writer_slice(&w);
}

static struct slice on_stream(struct slice query, struct compose_stream_settings settings)
{
    static uint8_t stream_room[DNS_QUERY_MAX];
    struct writer w = writer_of(stream_room, sizeof stream_room);

    CHECK_EQUAL(compose_on_stream(&w, query, &settings), OK);
    return writer_slice(&w);
}

static struct slice padded(struct slice query)
{
    return on_stream(query, (struct compose_stream_settings){ .pad_to = DNS_QUERY_PAD });
}

TEST(compose_asks, "an upstream gets the name in small letters, our size, and a padded message")
{
    const struct message_query client = client_for("WWW.Example", 0, true);
    struct message_query q;
    const struct slice wire = padded(composed_query((struct compose_query_settings){
        .id = 0xabcd,
        .question = &client.question,
        .recursion_desired = true,
        .checking_disabled = true,
        .dnssec_ok = true,
    }));

    CHECK_EQUAL(wire.len, 128);
    CHECK_EQUAL(message_read_query(wire, &q), OK);
    CHECK_EQUAL(q.rcode, RCODE_NOERROR);
    CHECK(slice_equal(question_name(&q.question), NAME("www.example")));
    CHECK(q.header.id == 0xabcd && q.header.flags == (DNS_RD | DNS_CD | DNS_AD));
    CHECK(q.edns.dnssec_ok && q.edns.udp_size == 1232 && q.edns.padded);
}

TEST(compose_asks_plainly, "nothing is asked for that the client did not ask for")
{
    const struct message_query client = client_for("www.example", 0, false);
    struct message_query q;
    const struct slice wire =
        composed_query((struct compose_query_settings){ .question = &client.question });

    CHECK_EQUAL(wire.len, 12 + 13 + 4 + 11);
    CHECK_EQUAL(message_read_query(wire, &q), OK);
    CHECK(q.header.flags == 0 && q.edns.present && !q.edns.dnssec_ok && !q.edns.padded);
}

TEST(compose_asks_at_length, "the longest name fits the room a query may take")
{
    struct message_query client = client_for("www.example", 0, false);
    struct writer name = writer_of(client.question.name, DNS_NAME_MAX);
    struct slice query;

    for (size_t i = 0; i < 127; i++)
        write_bytes(&name, BYTES("\1A"));
    write_u8(&name, 0);
    client.question.name_len = (uint8_t)writer_len(&name);
    query = composed_query((struct compose_query_settings){ .question = &client.question });
    CHECK_EQUAL(padded(query).len, DNS_QUERY_MAX);
    CHECK_EQUAL(on_stream(query, (struct compose_stream_settings){ true, DNS_QUERY_PAD }).len,
                DNS_QUERY_MAX);
}

TEST(compose_asks_keepalive, "a query on a stream asks how long that may be idle, padded or not")
{
    static const size_t blocks[] = { 0, 16, 64, DNS_QUERY_PAD };
    const struct message_query client = client_for("www.example", 0, false);

    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        const struct slice query =
            composed_query((struct compose_query_settings){ .question = &client.question });
        const struct slice wire =
            on_stream(query, (struct compose_stream_settings){ true, blocks[i] });
        struct message_query q;

        CHECK_EQUAL(blocks[i] ? wire.len % blocks[i] : wire.len - query.len - 4, 0);
        CHECK_EQUAL(message_read_query(wire, &q), OK);
        CHECK(q.rcode == RCODE_NOERROR && q.edns.wants_keepalive && !q.edns.has_keepalive);
        CHECK_EQUAL(q.edns.padded, blocks[i] != 0);
    }
}

TEST(compose_adds_nothing, "without options a query on a stream is the same query")
{
    const struct message_query client = client_for("www.example", 0, false);
    const struct slice query =
        composed_query((struct compose_query_settings){ .question = &client.question });

    CHECK(slice_equal(on_stream(query, (struct compose_stream_settings){ 0 }), query));
}

TEST(compose_needs_room, "a message that has no room is not begun")
{
    const struct message_query client = client_for("www.example", 0, false);
    struct writer w = writer_of(room, 20);

    CHECK_EQUAL(compose_query(&w, &(struct compose_query_settings){ .question = &client.question }),
                ERR_TOOBIG);
    CHECK(writer_len(&w) == 0 && !w.failed);
}

TEST(compose_passes_on, "records pass byte by byte behind the client's id and question")
{
    const struct message_query client = client_for("wWw.eXample", DNS_RD | DNS_CD, false);
    struct wire m;
    struct message again;

    wire_header(&m, DNS_QR | DNS_AA | DNS_RA | DNS_AD | DNS_Z, 1, 2, 0, 1);
    wire_question(&m, "www.example", TYPE_A);
    wire_record(&m, TO_QUESTION, 65400, BYTES("\0\xff\xc0\x0c opaque"));
    wire_record(&m, TO_QUESTION, TYPE_A, BYTES("1234"));
    wire_opt(&m, 0, BYTES("\0\x0c\0\1\0"));
    again = pass_on(&m, &client, (struct compose_settings){ 0 });
    CHECK_EQUAL(again.header.id, 0x4711);
    CHECK_EQUAL(again.header.flags, DNS_QR | DNS_AA | DNS_RD | DNS_RA | DNS_CD);
    CHECK(slice_equal(again.question_name, NAME("wWw.eXample")));
    CHECK(again.header.ancount == 2 && again.header.arcount == 0 && !again.edns.present);
    CHECK_BYTES(records_of(&again).data, m.room + 29, again.wire.len - 29);
    CHECK_EQUAL(again.wire.len, writer_len(&m.w) - 16);
}

TEST(compose_authentic_data, "AD is for those who asked for it by AD or DO")
{
    struct message_query client = client_for("www.example", 0, true);
    struct wire m;

    addresses(&m, DNS_AD, 1, 0);
    CHECK(!(pass_on(&m, &client, (struct compose_settings){ 0 }).header.flags & DNS_AD));
    client.header.flags |= DNS_AD;
    CHECK(pass_on(&m, &client, (struct compose_settings){ 0 }).header.flags & DNS_AD);
    client.header.flags = 0;
    client.edns.dnssec_ok = true;
    CHECK(pass_on(&m, &client, (struct compose_settings){ 0 }).header.flags & DNS_AD);
}

TEST(compose_own_opt, "of the upstream's OPT only RCODE and extended errors reach the client")
{
    struct message_query client = client_for("www.example", 0, true);
    struct wire m;
    struct message again;

    addresses(&m, 0, 1, 1);
    wire_opt(&m, 0x01008000,
             BYTES("\0\x0a\0\x08"
                   "12345678"
                   "\0\x0f\0\5\0\x16one"
                   "\0\x0c\0\2\0\0"
                   "\0\x0f\0\2\0\x17"));
    client.edns.dnssec_ok = true;
    again = pass_on(&m, &client,
                    (struct compose_settings){ .has_keepalive = true, .keepalive_timeout = 300 });
    CHECK(again.edns.present && again.edns.dnssec_ok && again.edns.udp_size == 1232);
    CHECK_EQUAL(again.edns.extended_rcode, 1);
    CHECK(slice_equal(again.edns.options, BYTES("\0\x0f\0\5\0\x16one"
                                                "\0\x0f\0\2\0\x17"
                                                "\0\x0b\0\2\1\x2c")));
}

TEST(compose_extended_rcode, "a client without EDNS cannot be told an extended RCODE")
{
    const struct message_query client = client_for("www.example", 0, false);
    struct wire m;
    struct message again;

    addresses(&m, 0, 1, 1);
    wire_opt(&m, 0x01000000, BYTES(""));
    again = pass_on(&m, &client, (struct compose_settings){ 0 });
    CHECK_EQUAL(header_rcode(&again.header), RCODE_SERVFAIL);
    CHECK(again.header.ancount == 0 && again.header.arcount == 0);
}

/* An OPT of 23 bytes, and behind it records that point before it, behind it and at each other. */
static void opt_in_the_middle(struct wire *m)
{
    wire_header(m, DNS_QR, 1, 1, 0, 4);
    wire_question(m, "www.example", TYPE_A);
    wire_record(m, TO_QUESTION, TYPE_A, BYTES("1234")); /* at 29 */
    wire_opt(m, 0,
             BYTES("\0\x0a\0\x08"
                   "12345678"));                                           /* at 45 */
    wire_record(m, BYTES("\3foo\xc0\x10"), TYPE_A, BYTES("5678"));         /* at 68 */
    wire_record(m, BYTES("\xc0\x44"), TYPE_MX, BYTES("\0\1\2mx\xc0\x44")); /* at 88 */
    wire_record(m, BYTES("\xc0\x66"), TYPE_SOA,
                BYTES("\1a\xc0\x66\xc0\x10"
                      "aaaabbbbccccddddeeee")); /* at 107 */
}

TEST(compose_closes_the_gap, "pointers past an OPT that is not the last record are lowered")
{
    const struct message_query client = client_for("WWW.example", 0, true);
    struct wire m;
    struct message again;

    opt_in_the_middle(&m);
    again = pass_on(&m, &client, (struct compose_settings){ 0 });
    CHECK_EQUAL(again.header.arcount, 4);
    CHECK_EQUAL(again.opt_start, writer_len(&m.w) - 23);
    CHECK_BYTES(again.wire.data + 29, m.room + 29, 16);
    CHECK_BYTES(again.wire.data + 45, "\3foo\xc0\x10\0\1", 8);
    CHECK_BYTES(again.wire.data + 65, "\xc0\x2d\0\x0f", 4);
    CHECK_BYTES(again.wire.data + 77, "\0\1\2mx\xc0\x2d", 7);
    CHECK_BYTES(again.wire.data + 84, "\xc0\x4f\0\6", 4);
    CHECK_BYTES(again.wire.data + 96, "\1a\xc0\x4f\xc0\x10", 6);
}

static err_t pass_on_hostile(const struct wire *upstream, const struct message_query *client)
{
    struct writer w = writer_of(room, sizeof room);
    struct message m;

    CHECK_EQUAL(message_read_response(writer_slice(&upstream->w), &m), OK);
    return compose_response(&w, &m, client, &(struct compose_settings){ .limit = DNS_MESSAGE_MAX });
}

TEST(compose_refuses_names_in_opt, "a name that leads into the OPT cannot be passed on")
{
    const struct message_query client = client_for("www.example", 0, true);
    struct wire m;

    addresses(&m, 0, 0, 2);
    wire_opt(&m, 0, BYTES("\xff\0\0\3\1a\0"));
    wire_record(&m, BYTES("\xc0\x2c"), TYPE_A, BYTES("1234"));
    CHECK_EQUAL(pass_on_hostile(&m, &client), ERR_MALFORMED);
}

/* At 97 a zero, at 100 a pointer to it in small letters; capitals make that lead elsewhere. */
#define TRICK                                                                                      \
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx."                             \
    "yyyyyyyyyyyyyyyyyyyy\\000yy\\192"

TEST(compose_refuses_case_tricks, "a pointer made of the client's letters cannot be passed on")
{
    const struct message_query same = client_for(TRICK "a", 0, true);
    const struct message_query other = client_for(TRICK "A", 0, true);
    struct wire m;

    wire_header(&m, DNS_QR, 1, 1, 0, 0);
    wire_question(&m, TRICK "a", TYPE_A);
    wire_record(&m, BYTES("\xc0\x64"), TYPE_A, BYTES("1234"));
    CHECK_EQUAL(pass_on_hostile(&m, &same), OK);
    CHECK_EQUAL(pass_on_hostile(&m, &other), ERR_MALFORMED);
}

TEST(compose_wants_the_question, "a response to another question is not composed")
{
    const struct message_query client = client_for("www.example.com", 0, true);
    struct wire m;

    addresses(&m, 0, 1, 0);
    CHECK_EQUAL(pass_on_hostile(&m, &client), ERR_MALFORMED);
}

TEST(compose_truncates, "what is longer than the limit goes without any record, and TC")
{
    const struct message_query client = client_for("www.example", 0, true);
    struct wire m;
    struct message again;

    addresses(&m, 0, 40, 0);
    again = pass_on(&m, &client, (struct compose_settings){ .limit = 29 + 40 * 16 + 11 });
    CHECK(!(again.header.flags & DNS_TC) && again.header.ancount == 40);
    again = pass_on(&m, &client, (struct compose_settings){ .limit = 29 + 40 * 16 + 10 });
    CHECK((again.header.flags & DNS_TC) && again.edns.present);
    CHECK(again.header.ancount == 0 && again.header.arcount == 1);
    CHECK_EQUAL(again.wire.len, 29 + 11);
}

TEST(compose_drops_errors_first, "extended errors go before records do, and TC tells it")
{
    const struct message_query client = client_for("www.example", 0, true);
    struct wire m;
    struct message again;

    addresses(&m, 0, 2, 1);
    wire_opt(&m, 0, BYTES("\0\x0f\0\5\0\x16one"));
    again = pass_on(&m, &client, (struct compose_settings){ .limit = 29 + 2 * 16 + 11 });
    CHECK((again.header.flags & DNS_TC) && again.header.ancount == 2);
    CHECK_EQUAL(again.edns.options.len, 0);
}

TEST(compose_pads, "a response is padded to whole blocks, or up to its limit")
{
    const struct message_query client = client_for("www.example", 0, true);
    struct wire m;

    addresses(&m, 0, 1, 0);
    CHECK_EQUAL(pass_on(&m, &client, (struct compose_settings){ .pad_to = 468 }).wire.len, 468);
    CHECK_EQUAL(
        pass_on(&m, &client, (struct compose_settings){ .pad_to = 468, .limit = 100 }).wire.len,
        100);
    CHECK_EQUAL(
        pass_on(&m, &client, (struct compose_settings){ .pad_to = 468, .limit = 59 }).wire.len, 56);
}

#define OUR_COOKIE BYTES("clientXXserverYYserverZZ")

TEST(compose_cookie, "the cookie stands in every response, also when the rest of it has no room")
{
    const struct message_query client = client_for("www.example", 0, true);
    struct compose_settings settings = { .cookie = OUR_COOKIE };
    struct wire m;
    struct message again;

    addresses(&m, 0, 2, 1);
    wire_opt(&m, 0,
             BYTES("\0\x0a\0\x08"
                   "12345678"
                   "\0\x0f\0\5\0\x16one"));
    again = pass_on(&m, &client, settings);
    CHECK(slice_equal(again.edns.cookie, OUR_COOKIE));
    CHECK(slice_equal(again.edns.extended_error, BYTES("\0\x16one")));
    settings.limit = 29 + 2 * 16 + 11 + 28;
    again = pass_on(&m, &client, settings);
    CHECK(slice_equal(again.edns.cookie, OUR_COOKIE));
    CHECK(again.header.ancount == 2 && again.edns.extended_error.len == 0);
    settings.limit--;
    again = pass_on(&m, &client, settings);
    CHECK(slice_equal(again.edns.cookie, OUR_COOKIE));
    CHECK(again.header.ancount == 0 && (again.header.flags & DNS_TC));
}

TEST(compose_cookie_padded, "a padded response is as long with a cookie as without")
{
    const struct message_query client = client_for("www.example", 0, true);
    struct wire m;
    struct message again;

    addresses(&m, 0, 1, 0);
    again = pass_on(&m, &client, (struct compose_settings){ .pad_to = 468, .cookie = OUR_COOKIE });
    CHECK_EQUAL(again.wire.len, 468);
    CHECK(slice_equal(again.edns.cookie, OUR_COOKIE) && again.edns.padded);
}

TEST(compose_stored_cookie, "what was kept leaves with the cookie of who asks")
{
    const struct message_query client = client_for("www.example", 0, true);
    const struct compose_stored stored = {
        .header = { .flags = DNS_QR, .qdcount = 1, .ancount = 1 },
        .records = BYTES("\xc0\x0c\0\1\0\1\0\0\0\1\0\4"
                         "1234")
    };
    struct compose_settings settings = { .limit = 29 + 16 + 11 + 28, .cookie = OUR_COOKIE };
    struct writer w = writer_of(room, sizeof room);
    struct message m;

    CHECK_EQUAL(compose_stored(&w, &stored, &client, &settings), OK);
    CHECK_EQUAL(message_read_response(writer_slice(&w), &m), OK);
    CHECK(slice_equal(m.edns.cookie, OUR_COOKIE) && m.header.ancount == 1);
    settings.limit--;
    w = writer_of(room, sizeof room);
    CHECK_EQUAL(compose_stored(&w, &stored, &client, &settings), ERR_TOOBIG);
}

static struct slice error_for(const struct message_query *q, struct compose_fault fault)
{
    struct writer w = writer_of(room, sizeof room);

    CHECK_EQUAL(compose_error(&w, q, &fault, &(struct compose_settings){ .limit = 512 }), OK);
    return writer_slice(&w);
}

TEST(compose_badcookie, "BADCOOKIE bears the cookie to come back with, with a question or without")
{
    struct message_query client = client_for("www.example", 0, true);
    const struct compose_fault fault = { .rcode = RCODE_BADCOOKIE };
    const struct compose_settings settings = { .limit = 512, .cookie = OUR_COOKIE };
    struct writer w = writer_of(room, sizeof room);
    struct message m;

    CHECK_EQUAL(compose_error(&w, &client, &fault, &settings), OK);
    CHECK_EQUAL(message_read_response(writer_slice(&w), &m), OK);
    CHECK_EQUAL(message_rcode(&m), RCODE_BADCOOKIE);
    CHECK(slice_equal(m.edns.cookie, OUR_COOKIE));
    client.has_question = false;
    w = writer_of(room, sizeof room);
    CHECK_EQUAL(compose_error(&w, &client, &fault, &settings), OK);
    CHECK_EQUAL(writer_len(&w), 12 + 11 + 28);
    CHECK_BYTES(room + 4, "\0\0\0\0\0\0\0\1", 8);
}

TEST(compose_faults, "an error echoes the question and explains itself to who has EDNS")
{
    struct message_query client = client_for("wWw.example", DNS_RD | DNS_CD | DNS_AD, true);
    const struct compose_fault fault = {
        .rcode = RCODE_SERVFAIL, .has_ede = true, .ede = EDE_NETWORK_ERROR, .text = "timeout"
    };
    struct message m;

    CHECK_EQUAL(message_read_response(error_for(&client, fault), &m), OK);
    CHECK_EQUAL(m.header.flags, DNS_QR | DNS_RD | DNS_RA | DNS_CD | RCODE_SERVFAIL);
    CHECK(slice_equal(m.question_name, NAME("wWw.example")));
    CHECK(slice_equal(m.edns.extended_error, BYTES("\0\x17timeout")));
    client.edns.present = false;
    CHECK_EQUAL(message_read_response(error_for(&client, fault), &m), OK);
    CHECK(!m.edns.present && m.header.arcount == 0);
}

TEST(compose_badvers, "BADVERS stands half in the header, half in the OPT")
{
    const struct message_query client = client_for("www.example", 0, true);
    struct message m;

    CHECK_EQUAL(message_read_response(
                    error_for(&client, (struct compose_fault){ .rcode = RCODE_BADVERS }), &m),
                OK);
    CHECK_EQUAL(message_rcode(&m), RCODE_BADVERS);
    CHECK_EQUAL(m.edns.version, 0);
}

TEST(compose_bare_errors, "a query that could not be read gets a header, with its opcode")
{
    struct message_query q;
    struct wire m;

    wire_header(&m, OPCODE_NOTIFY << 11 | DNS_RD, 1, 0, 0, 0);
    CHECK_EQUAL(message_read_query(writer_slice(&m.w), &q), OK);
    CHECK(slice_equal(error_for(&q, (struct compose_fault){ .rcode = q.rcode }),
                      BYTES("\x12\x34\xa1\x84\0\0\0\0\0\0\0\0")));
}
