/* tests/unit/querylog/dnstap.c - records as dnstap, read again by protobuf-c. */
#include "querylog/dnstap.pb-c.h"

#include "unit/querylog/made.h"

static struct made m;
static Dnstap__Dnstap *tap;

static const Dnstap__Message *unpack(unsigned frame)
{
    struct slice bytes = made_frame(&m, "dnstap", frame);

    if (tap)
        dnstap__dnstap__free_unpacked(tap, NULL);
    tap = dnstap__dnstap__unpack(NULL, bytes.len, bytes.data);
    CHECK(tap != NULL);
    return tap->message;
}

static void done(void)
{
    dnstap__dnstap__free_unpacked(tap, NULL);
    tap = NULL;
}

static void check_bytes(ProtobufCBinaryData got, struct slice expected)
{
    CHECK_EQUAL(got.len, expected.len);
    CHECK_BYTES(got.data, expected.data, got.len);
}

static unsigned frames(void)
{
    struct log_view v = made_view(&m);

    return format_find("dnstap")->count_frames(&v);
}

TEST(dnstap_query, "a client's query: what came, when, from whom and to whom")
{
    const Dnstap__Message *t;

    made_begin(&m);
    m.query.asked.has_question = false; /* so that the message is kept */
    m.query.message = BYTES("\x12\x34 as it came");
    m.stamp.identity = "here";
    CHECK_EQUAL(frames(), 2);
    t = unpack(0);
    CHECK_EQUAL(t->type, DNSTAP__MESSAGE__TYPE__CLIENT_QUERY);
    CHECK_EQUAL(t->socket_family, DNSTAP__SOCKET_FAMILY__INET);
    CHECK_EQUAL(t->socket_protocol, DNSTAP__SOCKET_PROTOCOL__UDP);
    check_bytes(t->query_address, BYTES("\xc0\0\2\x8f"));
    CHECK_EQUAL(t->query_port, 53211);
    check_bytes(t->response_address, BYTES("\xc0\0\2\x35"));
    CHECK_EQUAL(t->response_port, 53);
    check_bytes(t->query_message, m.query.message);
    CHECK_EQUAL(t->query_time_sec, MADE_WALL_NS / 1000000000);
    CHECK_EQUAL(t->query_time_nsec, MADE_WALL_NS % 1000000000);
    CHECK(!t->has_response_message && !t->has_response_time_sec && !t->policy);
    check_bytes(tap->identity, BYTES("here"));
    check_bytes(tap->version, BYTES("dotproxy " DOTPROXY_VERSION));
    check_bytes(tap->extra, BYTES("sequence=8 lost=1"));
    done();
}

TEST(dnstap_response, "its response, a frame of its own")
{
    const Dnstap__Message *t;

    made_begin(&m);
    t = unpack(1);
    CHECK_EQUAL(t->type, DNSTAP__MESSAGE__TYPE__CLIENT_RESPONSE);
    check_bytes(t->response_message, m.query.response);
    CHECK_EQUAL(t->response_time_sec, MADE_WALL_NS / 1000000000);
    CHECK_EQUAL(t->response_time_nsec, MADE_WALL_NS % 1000000000 + MADE_TOOK_NS);
    CHECK_EQUAL(t->query_time_nsec, MADE_WALL_NS % 1000000000);
    CHECK(!t->has_query_message && !tap->has_identity);
    done();
}

TEST(dnstap_protocols, "each transport has its protocol, each family its addresses")
{
    static const struct {
        const char *transport;
        Dnstap__SocketProtocol protocol;
    } pairs[] = { { "udp", DNSTAP__SOCKET_PROTOCOL__UDP },
                  { "tcp", DNSTAP__SOCKET_PROTOCOL__TCP },
                  { "tls", DNSTAP__SOCKET_PROTOCOL__DOT },
                  { "https", DNSTAP__SOCKET_PROTOCOL__DOH },
                  { "http", DNSTAP__SOCKET_PROTOCOL__DOH } };
    const Dnstap__Message *t;

    made_begin(&m);
    CHECK_EQUAL(addr_parse("2001:db8::7", 4711, &m.query.client), OK);
    CHECK_EQUAL(addr_parse("2001:db8::9", 53, &m.listener), OK);
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        m.facts.transport = pairs[i].transport;
        t = unpack(0);
        CHECK_EQUAL(t->socket_protocol, pairs[i].protocol);
        CHECK_EQUAL(t->socket_family, DNSTAP__SOCKET_FAMILY__INET6);
        CHECK_EQUAL(t->query_address.len, 16);
        CHECK_EQUAL(t->response_address.len, 16);
    }
    done();
}

TEST(dnstap_families, "a client of one family at a listener of the other: only its own is told")
{
    const Dnstap__Message *t;

    made_begin(&m);
    CHECK_EQUAL(addr_parse("2001:db8::7", 4711, &m.query.client), OK); /* a PROXY header said so */
    t = unpack(0);
    CHECK_EQUAL(t->socket_family, DNSTAP__SOCKET_FAMILY__INET6);
    CHECK_EQUAL(t->query_address.len, 16);
    CHECK(!t->has_response_address);
    done();
}

TEST(dnstap_policy, "a rule and what it did")
{
    static const struct {
        enum action action;
        bool has_action;
        Dnstap__Policy__Action told;
    } pairs[] = { { ACTION_PASS, true, DNSTAP__POLICY__ACTION__PASS },
                  { ACTION_TRUNCATE, true, DNSTAP__POLICY__ACTION__TRUNCATE },
                  { ACTION_DROP, true, DNSTAP__POLICY__ACTION__DROP },
                  { ACTION_REFUSE, false, 0 } };
    const Dnstap__Message *t;

    made_begin(&m);
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        m.query.verdict = (struct verdict){ .action = pairs[i].action, .rule = "rate", .bits = 24 };
        t = unpack(1);
        CHECK_TEXT(t->policy->type, "dotproxy");
        check_bytes(t->policy->rule, BYTES("rate"));
        CHECK_EQUAL(t->policy->has_action, pairs[i].has_action);
        if (pairs[i].has_action)
            CHECK_EQUAL(t->policy->action, pairs[i].told);
        CHECK_EQUAL(t->policy->match, DNSTAP__POLICY__MATCH__CLIENT_IP);
    }
    m.query.verdict = (struct verdict){ .action = ACTION_PASS, .shadow = "rate" };
    t = unpack(0);
    CHECK_TEXT(t->policy->type, "dotproxy shadow");
    CHECK_EQUAL(t->policy->action, DNSTAP__POLICY__ACTION__PASS);
    CHECK(!t->policy->has_match);
    done();
}

TEST(dnstap_silence, "a query without a response is one frame")
{
    made_begin(&m);
    m.query.response = (struct slice){ 0 };
    CHECK_EQUAL(frames(), 1);
}

TEST(dnstap_hidden, "where clients are hidden no port is told")
{
    made_begin(&m);
    m.stamp.clients = CLIENTS_HASHED;
    CHECK(!unpack(0)->has_query_port);
    CHECK(!unpack(1)->has_query_port);
    done();
}
