/* tests/unit/querylog/formats.c - records as JSON: dotproxy's own, ECS and OCSF. */
#include "querylog/format.h"

#include "base/random.h"
#include "unit/querylog/json_valid.h"
#include "unit/querylog/made.h"

#include <stdlib.h>

static struct made m;

static void check_has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("%s\nis not in\n%s", part, text);
}

static void check_has_not(const char *text, const char *part)
{
    if (strstr(text, part))
        fail_msg("%s\nis in\n%s", part, text);
}

/* In all three formats. */
static void check_valid(void)
{
    static const char *const formats[] = { "json", "ecs", "ocsf" };

    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        CHECK(json_is_line(made_frame(&m, formats[i], 0)));
}

TEST(format_json, "a hit in dotproxy's own schema")
{
    made_begin(&m);
    CHECK_TEXT(
        made_text(&m, "json"),
        "{\"version\":1,\"time\":\"2023-11-14T22:13:20.123456Z\",\"sequence\":8,\"lost\":1,"
        "\"client\":\"192.0.2.143\",\"client_port\":53211,\"transport\":\"udp\","
        "\"listener\":\"192.0.2.53\",\"listener_port\":53,\"id\":4660,\"query_flags\":\"rd\","
        "\"query_bytes\":33,\"duration_us\":1234,\"source\":\"cache\",\"cache\":\"hit\","
        "\"qname\":\"www.example.com.\",\"qtype\":\"A\",\"qclass\":\"IN\","
        "\"response_flags\":\"rd ra\",\"response_bytes\":49,\"rcode\":\"NOERROR\","
        "\"answers\":[{\"name\":\"www.example.com.\",\"type\":\"A\",\"ttl\":300,"
        "\"data\":\"192.0.2.1\"}]}\n");
}

TEST(format_ecs, "the same in the Elastic Common Schema")
{
    made_begin(&m);
    CHECK_TEXT(
        made_text(&m, "ecs"),
        "{\"@timestamp\":\"2023-11-14T22:13:20.123456Z\",\"ecs\":{\"version\":\"8.11.0\"},"
        "\"event\":{\"kind\":\"event\",\"category\":[\"network\"],\"type\":[\"protocol\"],"
        "\"module\":\"dotproxy\",\"dataset\":\"dotproxy.query\",\"outcome\":\"success\","
        "\"id\":\"00000000000000ab-8\",\"sequence\":8,\"start\":\"2023-11-14T22:13:20.123456Z\","
        "\"end\":\"2023-11-14T22:13:20.124691Z\",\"duration\":1234567},"
        "\"dns\":{\"type\":\"answer\",\"id\":\"4660\",\"op_code\":\"QUERY\","
        "\"header_flags\":[\"RD\",\"RA\"],\"question\":{\"name\":\"www.example.com\","
        "\"type\":\"A\",\"class\":\"IN\",\"registered_domain\":\"example.com\","
        "\"top_level_domain\":\"com\",\"subdomain\":\"www\"},\"response_code\":\"NOERROR\","
        "\"answers\":[{\"name\":\"www.example.com\",\"type\":\"A\",\"class\":\"IN\",\"ttl\":300,"
        "\"data\":\"192.0.2.1\"}],\"resolved_ip\":[\"192.0.2.1\"]},"
        "\"source\":{\"ip\":\"192.0.2.143\",\"address\":\"192.0.2.143\",\"port\":53211,\"bytes\":"
        "33},"
        "\"client\":{\"ip\":\"192.0.2.143\",\"address\":\"192.0.2.143\",\"port\":53211,\"bytes\":"
        "33},"
        "\"destination\":{\"ip\":\"192.0.2.53\",\"address\":\"192.0.2.53\",\"port\":53,\"bytes\":"
        "49},"
        "\"server\":{\"ip\":\"192.0.2.53\",\"address\":\"192.0.2.53\",\"port\":53,\"bytes\":49},"
        "\"network\":{\"transport\":\"udp\",\"protocol\":\"dns\",\"type\":\"ipv4\",\"bytes\":82},"
        "\"observer\":{\"vendor\":\"dotproxy\",\"product\":\"dotproxy\",\"type\":\"proxy\","
        "\"version\":\"" DOTPROXY_VERSION "\"},\"related\":{\"ip\":[\"192.0.2.143\","
        "\"192.0.2.1\"],\"hosts\":[\"www.example.com\"]},\"dotproxy\":{\"lost\":1,"
        "\"transport\":\"udp\",\"query_flags\":\"rd\",\"source\":\"cache\",\"cache\":\"hit\"}}\n");
}

TEST(format_ocsf, "the same as DNS Activity of OCSF")
{
    made_begin(&m);
    CHECK_TEXT(
        made_text(&m, "ocsf"),
        "{\"activity_id\":6,\"activity_name\":\"Traffic\",\"category_uid\":4,"
        "\"category_name\":\"Network Activity\",\"class_uid\":4003,\"class_name\":\"DNS Activity\","
        "\"type_uid\":400306,\"type_name\":\"DNS Activity: Traffic\",\"severity_id\":1,"
        "\"severity\":\"Informational\",\"time\":1700000000123,\"start_time\":1700000000123,"
        "\"end_time\":1700000000124,\"duration\":1,\"query_time\":1700000000123,"
        "\"response_time\":1700000000124,\"metadata\":{\"version\":\"1.5.0\",\"product\":{"
        "\"name\":\"dotproxy\",\"vendor_name\":\"dotproxy\",\"version\":\"" DOTPROXY_VERSION "\"},"
        "\"profiles\":[\"security_control\"],\"log_name\":\"query_log\",\"sequence\":8,"
        "\"uid\":\"00000000000000ab-8\"},\"src_endpoint\":{\"ip\":\"192.0.2.143\",\"port\":53211},"
        "\"dst_endpoint\":{\"ip\":\"192.0.2.53\",\"port\":53,\"svc_name\":\"dns\"},"
        "\"connection_info\":{\"direction_id\":1,\"direction\":\"Inbound\",\"protocol_num\":17,"
        "\"protocol_name\":\"udp\",\"protocol_ver_id\":4},\"traffic\":{\"bytes_out\":33,"
        "\"bytes_in\":49,\"bytes\":82},\"query\":{\"hostname\":\"www.example.com\",\"type\":\"A\","
        "\"class\":\"IN\",\"packet_uid\":4660,\"opcode_id\":0,\"opcode\":\"Query\"},"
        "\"answers\":[{\"rdata\":\"192.0.2.1\",\"type\":\"A\",\"class\":\"IN\",\"ttl\":300,"
        "\"flag_ids\":[3,4]}],\"rcode_id\":0,\"rcode\":\"NoError\",\"status_id\":1,"
        "\"status\":\"Success\",\"action_id\":1,\"action\":\"Allowed\",\"disposition_id\":1,"
        "\"disposition\":\"Allowed\",\"observables\":[{\"name\":\"src_endpoint.ip\",\"type_id\":2,"
        "\"type\":\"IP Address\",\"value\":\"192.0.2.143\"},{\"name\":\"query.hostname\","
        "\"type_id\":1,\"type\":\"Hostname\",\"value\":\"www.example.com\"}],\"unmapped\":{"
        "\"lost\":1,\"transport\":\"udp\",\"query_flags\":\"rd\",\"source\":\"cache\","
        "\"cache\":\"hit\",\"response_flags\":\"rd ra\"}}\n");
}

/* A question by TLS with all that EDNS may say, answered by an upstream with an error. */
static void make_full(void)
{
    struct edns *edns = &m.query.asked.edns;

    made_begin(&m);
    CHECK_EQUAL(addr_parse("2001:db8::9", 853, &m.listener), OK);
    CHECK_EQUAL(addr_parse("2001:db8::7", 4711, &m.query.client), OK);
    m.facts.transport = "tls";
    m.facts.tls_version = "TLS1.3";
    m.facts.sni = BYTES("dns.\xff.test");
    m.facts.upstream = BYTES("tls://192.0.2.9#dns.test");
    m.facts.upstream_transport = "tls";
    m.query.source = FROM_UPSTREAM;
    m.query.look = LOOK_EXPIRED;
    *edns = (struct edns){ .present = true, .dnssec_ok = true, .udp_size = 1232 };
    edns->client_subnet = BYTES("\0\1\x18\0\xc6\x33\x64");
    m.query.verdict = (struct verdict){ .shadow = "rate" };
    made_ask(&m, NAME("x.co.uk"), 65280);
    wire_opt(&m.response, 0, BYTES("\0\xf\0\xa\0\x16sp\xc3\xa4t \n\""));
    m.response.room[3] |= RCODE_SERVFAIL;
    m.response.room[11] = 1;
    m.query.response = writer_slice(&m.response.w);
    m.stamp.identity = "here \"1\"";
    m.stamp.sample = 10;
}

TEST(format_json_full,
     "all that is there only sometimes: TLS, EDNS, an extended error, a rule in shadow mode")
{
    make_full();
    CHECK_TEXT(
        made_text(&m, "json"),
        "{\"version\":1,\"time\":\"2023-11-14T22:13:20.123456Z\",\"sequence\":8,\"lost\":1,"
        "\"sample\":10,\"client\":\"2001:db8::7\",\"client_port\":4711,\"transport\":\"tls\","
        "\"listener\":\"2001:db8::9\",\"listener_port\":853,\"id\":4660,\"query_flags\":\"rd\","
        "\"query_bytes\":33,\"duration_us\":1234,\"source\":\"upstream\",\"cache\":\"expired\","
        "\"identity\":\"here \\\"1\\\"\",\"tls_version\":\"TLS1.3\",\"sni\":\"dns.\\\\255.test\","
        "\"upstream\":\"tls://192.0.2.9#dns.test\",\"upstream_transport\":\"tls\","
        "\"qname\":\"x.co.uk.\",\"qtype\":\"TYPE65280\",\"qclass\":\"IN\",\"edns_version\":0,"
        "\"edns_udp_size\":1232,\"dnssec_ok\":true,\"client_subnet\":\"198.51.100.0/24\","
        "\"shadow_rule\":\"rate\",\"response_flags\":\"rd ra\",\"response_bytes\":50,"
        "\"rcode\":\"SERVFAIL\",\"extended_error\":22,"
        "\"extended_error_text\":\"sp\xc3\xa4t \\\\010\\\"\"}\n");
    check_valid();
}

TEST(format_ecs_full, "ECS has its place for TLS, and a place of ours for the rest")
{
    const char *text;

    make_full();
    text = made_text(&m, "ecs");
    check_has(text, "\"outcome\":\"failure\"");
    check_has(text,
              "\"tls\":{\"version_protocol\":\"tls\",\"version\":\"1.3\",\"established\":true,"
              "\"client\":{\"server_name\":\"dns.\\\\255.test\"}}");
    check_has(text, "\"network\":{\"transport\":\"tcp\",\"protocol\":\"dns\",\"type\":\"ipv6\"");
    check_has(text, "\"registered_domain\":\"x.co.uk\",\"top_level_domain\":\"co.uk\"}");
    check_has(text, "\"header_flags\":[\"RD\",\"RA\",\"DO\"]");
    check_has(text, "\"name\":\"here \\\"1\\\"\"");
    check_has(text, "\"dotproxy\":{\"lost\":1,\"sample\":10,\"transport\":\"tls\","
                    "\"query_flags\":\"rd\",\"source\":\"upstream\",\"cache\":\"expired\","
                    "\"upstream\":{\"url\":\"tls://192.0.2.9#dns.test\",\"transport\":\"tls\"},"
                    "\"shadow_rule\":\"rate\",\"edns\":{\"version\":0,\"udp_size\":1232,"
                    "\"dnssec_ok\":true,\"client_subnet\":\"198.51.100.0/24\"},"
                    "\"extended_error\":{\"code\":22,\"text\":\"sp\xc3\xa4t \\\\010\\\"\"}}");
}

TEST(format_ocsf_full, "OCSF tells of a rule in shadow mode that the query was observed")
{
    const char *text;

    make_full();
    text = made_text(&m, "ocsf");
    check_has(text, "\"rcode_id\":2,\"rcode\":\"ServError\",\"status_id\":2,\"status\":\"Failure\","
                    "\"status_detail\":\"sp\xc3\xa4t \\\\010\\\"\"");
    check_has(text, "\"action_id\":3,\"action\":\"Observed\",\"disposition_id\":17,"
                    "\"disposition\":\"Logged\",\"firewall_rule\":{\"name\":\"rate\"}");
    check_has(text, "\"tls\":{\"version\":\"1.3\",\"sni\":\"dns.\\\\255.test\"}");
    check_has(text, "\"protocol_num\":6,\"protocol_name\":\"tcp\",\"protocol_ver_id\":6");
}

TEST(format_ocsf_captions, "where OCSF 1.5 has a number and a word for it, both are those")
{
    const char *text;

    made_begin(&m);
    m.query.verdict = (struct verdict){ .action = ACTION_BADCOOKIE, .rule = "rate" };
    m.query.source = FROM_ERROR;
    m.query.fault.rcode = RCODE_BADVERS;
    text = made_text(&m, "ocsf");
    check_has(text, "\"disposition_id\":23,\"disposition\":\"Challenge\"");
    check_has(text, "\"rcode_id\":16,\"rcode\":\"BADSIG_VERS\"");
    m.query.verdict.action = ACTION_TRUNCATE;
    check_has(made_text(&m, "ocsf"), "\"disposition_id\":23,\"disposition\":\"Challenge\"");
}

TEST(format_denied, "a query that a rule dropped has no response, and the rule in every format")
{
    const char *text;

    made_begin(&m);
    m.query.source = FROM_NOWHERE;
    m.query.look = LOOK_NONE;
    m.query.response = (struct slice){ 0 };
    m.query.verdict = (struct verdict){ .action = ACTION_DROP, .rule = "access", .bits = 24 };
    text = made_text(&m, "json");
    check_has(text, "\"source\":\"none\",\"qname\"");
    check_has(text, "\"action\":\"drop\",\"rule\":\"access\",\"rule_prefix\":24}");
    check_has_not(text, "rcode");
    check_has_not(text, "response");
    text = made_text(&m, "ecs");
    check_has(text, "\"type\":[\"protocol\",\"denied\"]");
    check_has(text, "\"rule\":{\"name\":\"access\"}");
    check_has(text, "\"dns\":{\"type\":\"query\"");
    text = made_text(&m, "ocsf");
    check_has(text, "\"type_uid\":400301");
    check_has(text, "\"action_id\":2,\"action\":\"Denied\",\"disposition_id\":6,"
                    "\"disposition\":\"Dropped\",\"firewall_rule\":{\"name\":\"access\"}");
    check_has_not(text, "response_time");
    check_valid();
}

TEST(format_unreadable, "what cannot be read is shown as it came, as far as it is short")
{
    uint8_t message[600];
    const char *text;

    made_begin(&m);
    memset(message, 0xa5, sizeof message);
    m.query.message = slice_of(message, sizeof message);
    m.query.asked.has_question = false;
    m.query.asked.header.flags = 0x2800;
    m.query.source = FROM_ERROR;
    m.query.fault.rcode = RCODE_NOTIMP;
    m.query.response = BYTES("\x12\x34\xa8\x84\0\0\0\0\0\0\0\0");
    text = made_text(&m, "json");
    check_has(text, "\"opcode\":\"UPDATE\"");
    check_has(text, "a5\",\"response_flags\":\"ra\",\"response_bytes\":12,\"rcode\":\"NOTIMP\"}");
    CHECK_EQUAL(strspn(strstr(text, "\"message\":\"") + strlen("\"message\":\""), "a5"), 1024);
    check_has_not(text, "qname");
    check_valid();
}

TEST(format_class, "an answer of another class than the question's says so")
{
    made_begin(&m);
    made_answer(&m, NAME("other.test"), TYPE_A, 42, BYTES("\xc0\0\2\2"));
    check_has(made_text(&m, "json"),
              "{\"name\":\"other.test.\",\"type\":\"A\",\"class\":\"CLASS42\","
              "\"ttl\":300,\"data\":\"\\\\# 4 C0000202\"}]}");
    check_valid();
}

TEST(format_hidden, "where clients are hidden no port is told")
{
    made_begin(&m);
    m.stamp.clients = CLIENTS_PREFIX;
    check_has(made_text(&m, "json"), "\"client\":\"192.0.2.143\",\"clients\":\"prefix\",\"trans");
    check_has_not(made_text(&m, "json"), "53211");
    check_has_not(made_text(&m, "ecs"), "53211");
    check_has_not(made_text(&m, "ocsf"), "53211");
    m.stamp.clients = CLIENTS_HASHED;
    check_has(made_text(&m, "json"), "\"clients\":\"hashed\"");
    check_valid();
}

TEST(format_wildcard, "a listener on all addresses is no address in ECS and OCSF")
{
    made_begin(&m);
    CHECK_EQUAL(addr_parse("::", 53, &m.listener), OK);
    check_has(made_text(&m, "ecs"), "\"destination\":{\"port\":53,\"bytes\":49}");
    check_has(made_text(&m, "ocsf"), "\"dst_endpoint\":{\"port\":53,\"svc_name\":\"dns\"}");
    check_valid();
}

/* RDATA in the form of RFC 3597: its bytes, told by their hexadecimal digits. */
static void check_opaque(const char *text, struct slice rdata)
{
    unsigned long len;
    char *end;

    CHECK_EQUAL(strncmp(text, "\\# ", 3), 0);
    len = strtoul(text + 3, &end, 10);
    CHECK_EQUAL(len, rdata.len);
    if (len > 0)
        end++;
    for (size_t i = 0; i < len; i++, end += 2) {
        const char digits[] = { end[0], end[1], '\0' };

        CHECK_EQUAL(strtoul(digits, NULL, 16), rdata.data[i]);
    }
    CHECK_EQUAL(*end, '\0');
}

TEST(format_types, "records of every type are valid JSON; those nobody knows say all their bytes")
{
    struct random random = { 0 };
    uint8_t rdata[64];
    char data[1024];

    for (uint32_t type = 1; type <= UINT16_MAX; type += type < 300 ? 1 : 97) {
        size_t len = random_u16(&random) % sizeof rdata;
        struct slice line;

        for (size_t i = 0; i < len; i++)
            rdata[i] = (uint8_t)random_u16(&random);
        made_begin(&m);
        made_ask(&m, NAME("any.test"), (uint16_t)type);
        made_answer(&m, TO_QUESTION, (uint16_t)type, CLASS_IN, slice_of(rdata, len));
        if (!made_view(&m).has_message)
            continue; /* not as its type is laid out: nobody is told such an answer */
        check_valid();
        line = made_frame(&m, "json", 0);
        CHECK(json_find(line, "data", data, sizeof data));
        if (type_layout((uint16_t)type, CLASS_IN)[0] == '\0')
            check_opaque(data, slice_of(rdata, len));
    }
}

TEST(format_text, "a TXT record of all bytes says them all")
{
    uint8_t rdata[256] = { 255 };
    char data[2048];
    const char *at = data;

    for (unsigned i = 0; i < 255; i++)
        rdata[1 + i] = (uint8_t)i;
    made_begin(&m);
    made_ask(&m, NAME("any.test"), TYPE_TXT);
    made_answer(&m, TO_QUESTION, TYPE_TXT, CLASS_IN, slice_of(rdata, sizeof rdata));
    check_valid();
    CHECK(json_find(made_frame(&m, "json", 0), "data", data, sizeof data));
    CHECK_EQUAL(*at++, '"');
    for (unsigned i = 0; i < 255; i++) {
        bool is_number = at[0] == '\\' && at[1] >= '0' && at[1] <= '9';
        unsigned byte = is_number
                            ? (unsigned)((at[1] - '0') * 100 + (at[2] - '0') * 10 + at[3] - '0')
                            : (uint8_t)(at[0] == '\\' ? at[1] : at[0]);

        CHECK_EQUAL(byte, i);
        at += is_number ? 4 : at[0] == '\\' ? 2 : 1;
    }
    CHECK_TEXT(at, "\"");
}

TEST(format_many, "answers without end are cut, and the record says so; it is never too long")
{
    uint8_t owner[DNS_NAME_MAX];
    size_t len = 0;

    memset(owner, 0xff, sizeof owner);
    for (; len + 64 < DNS_NAME_MAX; len += 64)
        owner[len] = 63;
    owner[len++] = 0;
    made_begin(&m);
    made_ask(&m, NAME("many.test"), TYPE_A);
    made_answer(&m, slice_of(owner, len), TYPE_A, CLASS_IN, BYTES("\xc0\0\2\1"));
    while (m.query.response.len < 64000) /* pointers to the first owner */
        made_answer(&m, BYTES("\xc0\x1b"), TYPE_A, CLASS_IN, BYTES("\xc0\0\2\2"));
    CHECK(made_view(&m).has_message);
    check_has(made_text(&m, "json"), "\"answers_cut\":true}");
    check_has(made_text(&m, "ecs"), "\"answers_cut\":true}");
    check_has(made_text(&m, "ocsf"), "\"answers_cut\":true}");
    check_valid();
}

TEST(format_bit_map, "a bit map that would be printed without end is written as bytes")
{
    uint8_t rdata[34 * 1000 + 1] = { 0 };

    for (size_t i = 1; i + 34 <= sizeof rdata; i += 34) {
        rdata[i] = 255;
        rdata[i + 1] = 32;
        memset(rdata + i + 2, 0xff, 32);
    }
    made_begin(&m);
    made_ask(&m, NAME("map.test"), TYPE_NSEC);
    made_answer(&m, TO_QUESTION, TYPE_NSEC, CLASS_IN, slice_of(rdata, sizeof rdata));
    CHECK(made_view(&m).has_message);
    check_has(made_text(&m, "json"), "\"data\":\"\\\\# 34001 00FF20FF");
}
