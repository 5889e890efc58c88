/* querylog/format_json.c - dotproxy's own flat schema, one object a line.
 *
 * docs/reference/query-log.schema.json says what each field means. What is not there is left out.
 */
#include "base/clock.h"
#include "dns/header.h"
#include "dns/types.h"
#include "querylog/answers.h"
#include "querylog/format.h"

#include <arpa/inet.h>

static const char *const sources[] = {
    [FROM_NOWHERE] = "none",      [FROM_CACHE] = "cache", [FROM_STALE] = "stale",
    [FROM_UPSTREAM] = "upstream", [FROM_ERROR] = "error",
};

static const char *const actions[] = {
    [ACTION_PASS] = "pass",
    [ACTION_TRUNCATE] = "truncate",
    [ACTION_REFUSE] = "refuse",
    [ACTION_DROP] = "drop",
};

static void put_address(struct pen *p, const union addr *addr)
{
    if (addr->any.sa_family == AF_INET6)
        pen_ipv6(p, addr->v6.sin6_addr.s6_addr);
    else
        pen_ipv4(p, (const uint8_t *)&addr->v4.sin_addr);
}

static void put_client(struct pen *p, const struct log_view *v)
{
    const struct log_record *r = v->head;

    PEN_LITERAL(p, "\"client\":\"");
    put_address(p, &r->client);
    PEN_LITERAL(p, "\",\"client_port\":");
    pen_number(p, addr_port(&r->client));
    PEN_LITERAL(p, ",\"transport\":\"");
    pen_text(p, r->transport);
    PEN_LITERAL(p, "\",\"listener\":\"");
    put_address(p, &r->listener);
    PEN_LITERAL(p, "\",\"listener_port\":");
    pen_number(p, addr_port(&r->listener));
    if (r->tls_version[0]) {
        PEN_LITERAL(p, ",\"tls_version\":\"");
        pen_text(p, r->tls_version);
        pen_byte(p, '"');
    }
    if (v->sni.len > 0) {
        PEN_LITERAL(p, ",\"sni\":\"");
        pen_json(p, v->sni);
        pen_byte(p, '"');
    }
}

static void put_flags(struct pen *p, uint16_t flags)
{
    static const struct {
        uint16_t bit;
        char text[4];
    } names[] = { { DNS_AA, "aa" }, { DNS_TC, "tc" }, { DNS_RD, "rd" },
                  { DNS_RA, "ra" }, { DNS_AD, "ad" }, { DNS_CD, "cd" } };
    bool is_first = true;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!(flags & names[i].bit))
            continue;
        if (!is_first)
            pen_byte(p, ' ');
        pen_text(p, names[i].text);
        is_first = false;
    }
}

static void put_question(struct pen *p, const struct log_view *v)
{
    const struct log_record *r = v->head;
    char text[TYPE_TEXT_MAX];

    PEN_LITERAL(p, ",\"id\":");
    pen_number(p, r->id);
    PEN_LITERAL(p, ",\"query_flags\":\"");
    put_flags(p, r->flags);
    pen_byte(p, '"');
    if (!r->is_readable)
        return;
    PEN_LITERAL(p, ",\"qname\":\"");
    pen_json_name(p, v->qname);
    PEN_LITERAL(p, "\",\"qtype\":\"");
    pen_text(p, type_to_text(r->qtype, text));
    PEN_LITERAL(p, "\",\"qclass\":\"");
    pen_text(p, class_to_text(r->qclass, text));
    pen_byte(p, '"');
    if (!r->has_edns)
        return;
    PEN_LITERAL(p, ",\"edns_udp_size\":");
    pen_number(p, r->udp_size);
    if (r->dnssec_ok)
        PEN_LITERAL(p, ",\"dnssec_ok\":true");
}

static void put_response(struct pen *p, const struct log_view *v)
{
    const struct log_record *r = v->head;
    char text[TYPE_TEXT_MAX];
    struct message m;

    if (r->response_len == 0)
        return;
    PEN_LITERAL(p, ",\"rcode\":\"");
    pen_text(p, rcode_to_text(r->rcode, text));
    PEN_LITERAL(p, "\",\"response_flags\":\"");
    put_flags(p, (uint16_t)(v->response.data[2] << 8 | v->response.data[3]));
    PEN_LITERAL(p, "\",\"response_bytes\":");
    pen_number(p, r->response_len);
    if (message_read_response(v->response, &m) != OK)
        return;
    if (m.edns.extended_error.len >= 2) {
        PEN_LITERAL(p, ",\"extended_error\":");
        pen_number(p, (uint64_t)m.edns.extended_error.data[0] << 8 | m.edns.extended_error.data[1]);
    }
    answers_write_json(p, &m);
}

static void put_verdict(struct pen *p, const struct log_record *r)
{
    if (r->rule) {
        PEN_LITERAL(p, ",\"action\":\"");
        pen_text(p, actions[r->action]);
        PEN_LITERAL(p, "\",\"rule\":\"");
        pen_text(p, r->rule);
        pen_byte(p, '"');
    }
    if (r->rule && r->rule_bits) {
        PEN_LITERAL(p, ",\"rule_prefix\":");
        pen_number(p, r->rule_bits);
    }
    if (r->shadow) {
        PEN_LITERAL(p, ",\"shadow_rule\":\"");
        pen_text(p, r->shadow);
        pen_byte(p, '"');
    }
}

static void write(struct pen *p, const struct log_view *v, const struct stamp *stamp)
{
    const struct log_record *r = v->head;

    PEN_LITERAL(p, "{\"version\":1,\"time\":\"");
    pen_time(p, v->arrived_wall_ns);
    PEN_LITERAL(p, "\",\"sequence\":");
    pen_number(p, stamp->sequence);
    PEN_LITERAL(p, ",\"lost\":");
    pen_number(p, stamp->lost);
    if (stamp->identity[0]) {
        PEN_LITERAL(p, ",\"identity\":\"");
        pen_json(p, slice_of(stamp->identity, strlen(stamp->identity)));
        pen_byte(p, '"');
    }
    pen_byte(p, ',');
    put_client(p, v);
    put_question(p, v);
    PEN_LITERAL(p, ",\"query_bytes\":");
    pen_number(p, r->query_len);
    PEN_LITERAL(p, ",\"source\":\"");
    pen_text(p, sources[r->source]);
    PEN_LITERAL(p, "\",\"duration_us\":");
    pen_number(p, r->took_ns / NS_PER_US);
    if (v->upstream.len > 0) {
        PEN_LITERAL(p, ",\"upstream\":\"");
        pen_json(p, v->upstream);
        pen_byte(p, '"');
    }
    put_verdict(p, r);
    put_response(p, v);
    PEN_LITERAL(p, "}\n");
}

const struct format_ops format_json = {
    .name = "json",
    .write = write,
};
