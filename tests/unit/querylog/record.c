/* tests/unit/querylog/record.c - what the walk notes is what the thread that writes reads. */
#include "querylog/record.h"

#include "base/clock.h"
#include "unit/querylog/made.h"

#include <stdlib.h>

static struct made m;

static void check_slice(struct slice got, struct slice expected)
{
    CHECK_EQUAL(got.len, expected.len);
    if (got.len > 0)
        CHECK_BYTES(got.data, expected.data, got.len);
}

TEST(record_hit, "a record tells of a hit: who, what, whence, how long")
{
    struct log_view v;

    made_begin(&m);
    v = made_view(&m);
    check_slice(v.qname, NAME("www.example.com"));
    check_slice(v.response, m.query.response);
    CHECK(v.has_message);
    CHECK_EQUAL(v.message.header.ancount, 1);
    CHECK_EQUAL(v.rcode, RCODE_NOERROR);
    CHECK_EQUAL(v.head->took_ns, MADE_TOOK_NS);
    CHECK_EQUAL(v.head->id, WIRE_ID);
    CHECK_EQUAL(v.query.len + v.sni.len + v.upstream.len + v.subnet.len, 0);
    CHECK(addr_equal(&v.head->client, &m.query.client));
    CHECK(addr_equal(&v.head->listener, &m.listener));
}

TEST(record_parts, "all parts come back whole, however long they are")
{
    uint8_t url[1000], sni[255], subnet[20];
    struct log_view v;

    made_begin(&m);
    memset(url, 'u', sizeof url);
    memset(sni, 's', sizeof sni);
    memset(subnet, 2, sizeof subnet);
    m.facts.upstream = slice_of(url, sizeof url);
    m.facts.sni = slice_of(sni, sizeof sni);
    m.query.asked.edns.client_subnet = slice_of(subnet, sizeof subnet);
    v = made_view(&m);
    check_slice(v.upstream, m.facts.upstream);
    check_slice(v.sni, m.facts.sni);
    check_slice(v.subnet, slice_of(subnet, sizeof subnet));
    check_slice(v.response, m.query.response);
    check_slice(v.qname, NAME("www.example.com"));
}

TEST(record_subnet, "a subnet that is longer than any address is left out")
{
    uint8_t subnet[200] = { 0 };

    made_begin(&m);
    m.query.asked.edns.client_subnet = slice_of(subnet, sizeof subnet);
    CHECK_EQUAL(made_view(&m).subnet.len, 0);
}

TEST(record_silence, "a query that got no response has its name all the same")
{
    struct log_view v;

    made_begin(&m);
    m.query.response = (struct slice){ 0 };
    v = made_view(&m);
    check_slice(v.qname, NAME("www.example.com"));
    CHECK_EQUAL(v.response.len, 0);
    CHECK(!v.has_message);
}

TEST(record_unreadable, "of a query that cannot be read the message is kept")
{
    struct log_view v;

    made_begin(&m);
    m.query.asked.has_question = false;
    m.query.message = BYTES("\1\2\3");
    m.query.response = (struct slice){ 0 };
    v = made_view(&m);
    check_slice(v.query, BYTES("\1\2\3"));
    CHECK_EQUAL(v.qname.len, 0);
}

TEST(record_rcode, "an RCODE has the bits that EDNS adds")
{
    made_begin(&m);
    m.query.source = FROM_ERROR;
    m.query.fault.rcode = RCODE_BADVERS;
    CHECK_EQUAL(made_view(&m).rcode, RCODE_BADVERS);
    made_begin(&m);
    wire_opt(&m.response, (uint32_t)(RCODE_BADCOOKIE >> 4) << 24, BYTES(""));
    m.response.room[3] |= RCODE_BADCOOKIE & 15;
    m.response.room[11] = 1; /* ARCOUNT */
    m.query.response = writer_slice(&m.response.w);
    CHECK_EQUAL(made_view(&m).rcode, RCODE_BADCOOKIE);
}

TEST(record_lost, "what finds no room is lost, and counted")
{
    static struct querylog_desk small = { .wants = WANTS_RECORDS };
    uint8_t message[400] = { 0 };
    const struct querylog_exchange exchange = { .upstream = &m.listener,
                                                .transport = "tls",
                                                .query = slice_of(message, sizeof message) };

    made_begin(&m);
    CHECK_EQUAL(belt_init(&small.belt, 4096), OK);
    for (int i = 0; i < 100; i++)
        querylog_note(&small, &m.query, &m.facts);
    CHECK(small.noted > 10);
    CHECK_EQUAL(small.noted + small.lost, 100);
    querylog_note_exchange(&small, &exchange);
    querylog_lose(&small);
    CHECK_EQUAL(small.exchanges_lost, 1);
    CHECK_EQUAL(small.noted + small.lost, 101);
    belt_done(&small.belt);
}

TEST(record_exchange, "an exchange with an upstream is a record of its own kind")
{
    static struct querylog_desk desk = { .wants = WANTS_RECORDS | WANTS_MESSAGES };
    struct log_view v;

    made_begin(&m);
    CHECK_EQUAL(belt_init(&desk.belt, 4096), OK);
    querylog_note_exchange(&desk, &(struct querylog_exchange){ .upstream = &m.listener,
                                                               .transport = "tls",
                                                               .asked_ns = 1000,
                                                               .answered_ns = 4000,
                                                               .id = 0x4321,
                                                               .query = m.query.response,
                                                               .response = m.query.response });
    querylog_turn_ends(&desk, 999999);
    v = record_read(belt_next(&desk.belt));
    CHECK_EQUAL(v.head->kind, RECORD_EXCHANGE);
    CHECK_EQUAL(v.head->took_ns, 3000);
    CHECK_EQUAL(v.query.data[0] << 8 | v.query.data[1], 0x4321);
    check_slice(slice_after(v.query, 2), slice_after(m.query.response, 2));
    check_slice(v.qname, NAME("www.example.com"));
    belt_done(&desk.belt);
}
