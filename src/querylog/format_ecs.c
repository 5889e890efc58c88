/* querylog/format_ecs.c - the Elastic Common Schema, version 8.11.
 *
 * What that has no field for stands below `dotproxy`. Names have no final dot there.
 */
#include "base/clock.h"
#include "dns/registrable.h"
#include "dns/types.h"
#include "querylog/answers.h"
#include "querylog/codes.h"
#include "querylog/format.h"
#include "querylog/parts_json.h"

#include <string.h>

#define ECS_VERSION "8.11.0"

/* A question that has an answer, also the one that there is no such name. */
static bool has_answer(const struct log_view *v)
{
    return v->response.len > 0 && (v->rcode == RCODE_NOERROR || v->rcode == RCODE_NXDOMAIN);
}

static void write_event(struct pen *p, const struct log_view *v, const struct stamp *stamp)
{
    const struct log_record *r = v->head;

    json_open(p, "event");
    json_word(p, "kind", "event");
    json_open_list(p, "category");
    json_word(p, NULL, "network");
    json_close_list(p);
    json_open_list(p, "type");
    json_word(p, NULL, "protocol");
    if (action_denies(r->action))
        json_word(p, NULL, "denied");
    json_close_list(p);
    json_word(p, "module", "dotproxy");
    json_word(p, "dataset", "dotproxy.query");
    json_word(p, "outcome", has_answer(v) ? "success" : "failure");
    json_event_id(p, "id", stamp);
    json_number(p, "sequence", stamp->sequence);
    json_time(p, "start", v->arrived_wall_ns);
    json_time(p, "end", v->arrived_wall_ns + r->took_ns);
    json_number(p, "duration", r->took_ns);
    json_close(p);
}

static void write_flags(struct pen *p, const struct log_view *v)
{
    static const struct {
        uint16_t bit;
        const char *text;
    } names[] = { { DNS_AA, "AA" }, { DNS_TC, "TC" }, { DNS_RD, "RD" },
                  { DNS_RA, "RA" }, { DNS_AD, "AD" }, { DNS_CD, "CD" } };
    uint16_t flags = v->response.len < DNS_HEADER_SIZE ? v->head->flags : flags_of(v->response);

    json_open_list(p, "header_flags");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (flags & names[i].bit)
            json_word(p, NULL, names[i].text);
    if (v->head->dnssec_ok)
        json_word(p, NULL, "DO");
    json_close_list(p);
}

static void write_name(struct pen *p, const char *member, struct slice wire)
{
    json_open_text(p, member);
    pen_json_name(p, wire, WITHOUT_DOT);
    json_close_text(p);
}

/* `whole` without `end`, which it ends with, as a wire name. */
static struct slice before(struct slice whole, struct slice end, uint8_t room[DNS_NAME_MAX])
{
    size_t len = whole.len - end.len;

    memcpy(room, whole.data, len);
    room[len] = 0;
    return slice_of(room, len + 1);
}

/* What somebody has registered, what stands before it, and below whom. */
static void write_domain(struct pen *p, struct slice qname)
{
    uint8_t lower[DNS_NAME_MAX], room[DNS_NAME_MAX];
    struct slice domain, top;

    memcpy(lower, qname.data, qname.len);
    name_lower(lower, qname.len);
    domain = name_registrable(slice_of(lower, qname.len));
    if (domain.len < 2)
        return;
    top = slice_after(domain, domain.data[0] + 1u);
    if (top.len < 2)
        return;
    write_name(p, "registered_domain", domain);
    write_name(p, "top_level_domain", top);
    if (qname.len > domain.len)
        write_name(p, "subdomain", before(slice_of(lower, qname.len), domain, room));
}

static struct slice write_asked(struct pen *p, const struct log_view *v)
{
    struct slice qname;

    json_open(p, "question");
    json_open_text(p, "name");
    qname = pen_json_name(p, v->qname, WITHOUT_DOT);
    json_close_text(p);
    json_open_text(p, "type");
    pen_type(p, v->head->qtype);
    json_close_text(p);
    json_open_text(p, "class");
    pen_class(p, v->head->qclass);
    json_close_text(p);
    write_domain(p, v->qname);
    json_close(p);
    return qname;
}

static void write_answer(struct pen *p, const struct answers *a)
{
    json_open(p, NULL);
    json_open_text(p, "name");
    answers_write_name(p, a);
    json_close_text(p);
    json_open_text(p, "type");
    answers_write_type(p, a);
    json_close_text(p);
    json_open_text(p, "class");
    answers_write_class(p, a);
    json_close_text(p);
    json_number(p, "ttl", a->rr.ttl);
    json_open_text(p, "data");
    answers_write_data(p, a);
    json_close_text(p);
    json_close(p);
}

/* Returns whether there were more than a record has room for. */
static bool write_answers(struct pen *p, const struct log_view *v, struct slice qname)
{
    struct answers a;

    answers_begin(&a, v, p, qname, WITHOUT_DOT);
    if (a.left == 0)
        return false;
    json_open_list(p, "answers");
    while (answers_next(&a, p))
        write_answer(p, &a);
    json_close_list(p);
    return a.is_cut;
}

/* The addresses among the answers, as members of a list that is open. */
static void write_addresses(struct pen *p, const struct log_view *v)
{
    struct answers a;
    bool is_ipv6;

    answers_begin(&a, v, p, (struct slice){ 0 }, WITHOUT_DOT);
    while (answers_next(&a, p)) {
        if (!answers_address(&a, &is_ipv6))
            continue;
        json_open_text(p, NULL);
        answers_write_data(p, &a);
        json_close_text(p);
    }
}

static bool write_dns(struct pen *p, const struct log_view *v, struct slice *ret_qname)
{
    const struct log_record *r = v->head;
    bool is_cut = false;

    json_open(p, "dns");
    json_word(p, "type", v->response.len > 0 ? "answer" : "query");
    json_open_text(p, "id");
    pen_number(p, r->id);
    json_close_text(p);
    json_open_text(p, "op_code");
    pen_opcode(p, opcode_of(r->flags));
    json_close_text(p);
    write_flags(p, v);
    *ret_qname = r->is_readable ? write_asked(p, v) : (struct slice){ 0 };
    if (v->response.len >= DNS_HEADER_SIZE) {
        json_open_text(p, "response_code");
        pen_rcode(p, v->rcode);
        json_close_text(p);
    }
    if (v->has_message && v->message.header.ancount > 0) {
        is_cut = write_answers(p, v, *ret_qname);
        json_open_list(p, "resolved_ip");
        write_addresses(p, v);
        json_close_list(p);
    }
    json_close(p);
    return is_cut;
}

static void write_end(struct pen *p, const char *name, const union addr *addr, bool has_port,
                      size_t bytes)
{
    json_open(p, name);
    if (!addr_is_wildcard(addr)) {
        json_address(p, "ip", addr);
        json_address(p, "address", addr);
    }
    if (has_port)
        json_number(p, "port", addr_port(addr));
    json_number(p, "bytes", bytes);
    json_close(p);
}

/* ECS asks for both pairs: the ends of the connection, and who serves whom. */
static void write_ends(struct pen *p, const struct log_view *v, const struct stamp *stamp)
{
    const struct log_record *r = v->head;
    bool has_port = shows_port(r, stamp);

    write_end(p, "source", &r->client, has_port, r->query_len);
    write_end(p, "client", &r->client, has_port, r->query_len);
    write_end(p, "destination", &r->listener, true, v->response.len);
    write_end(p, "server", &r->listener, true, v->response.len);
    json_open(p, "network");
    json_word(p, "transport", strcmp(r->transport, "udp") == 0 ? "udp" : "tcp");
    json_word(p, "protocol", "dns");
    json_word(p, "type", r->client.any.sa_family == AF_INET6 ? "ipv6" : "ipv4");
    json_number(p, "bytes", r->query_len + v->response.len);
    json_close(p);
}

static void write_tls(struct pen *p, const struct log_view *v)
{
    if (!v->head->tls_version[0])
        return;
    json_open(p, "tls");
    json_word(p, "version_protocol", "tls");
    json_word(p, "version", tls_number(v->head->tls_version));
    json_true(p, "established");
    if (v->sni.len > 0) {
        json_open(p, "client");
        json_text(p, "server_name", v->sni);
        json_close(p);
    }
    json_close(p);
}

/* What a search for an address or a name looks into. */
static void write_related(struct pen *p, const struct log_view *v, struct slice qname)
{
    json_open(p, "related");
    json_open_list(p, "ip");
    json_address(p, NULL, &v->head->client);
    write_addresses(p, v);
    json_close_list(p);
    if (qname.len > 0) {
        json_open_list(p, "hosts");
        json_open_text(p, NULL);
        pen_bytes(p, qname.data, qname.len);
        json_close_text(p);
        json_close_list(p);
    }
    json_close(p);
}

static void write_observer(struct pen *p, const struct stamp *stamp)
{
    json_open(p, "observer");
    json_word(p, "vendor", "dotproxy");
    json_word(p, "product", "dotproxy");
    json_word(p, "type", "proxy");
    json_word(p, "version", DOTPROXY_VERSION);
    if (stamp->identity[0])
        json_text(p, "name", slice_of_text(stamp->identity));
    json_close(p);
}

static void write(struct pen *p, const struct log_view *v, const struct stamp *stamp,
                  unsigned frame)
{
    struct slice qname;
    bool is_cut;

    (void)frame;
    json_open(p, NULL);
    json_time(p, "@timestamp", v->arrived_wall_ns);
    json_open(p, "ecs");
    json_word(p, "version", ECS_VERSION);
    json_close(p);
    write_event(p, v, stamp);
    is_cut = write_dns(p, v, &qname);
    write_ends(p, v, stamp);
    write_tls(p, v);
    if (v->head->rule) {
        json_open(p, "rule");
        json_text(p, "name", slice_of_text(v->head->rule));
        json_close(p);
    }
    write_observer(p, stamp);
    write_related(p, v, qname);
    json_open(p, "dotproxy");
    json_house(p, v, stamp);
    json_edns(p, v);
    json_extended_error(p, v);
    if (is_cut)
        json_true(p, "answers_cut");
    json_close(p);
    json_close(p);
    pen_byte(p, '\n');
}

const struct format_ops format_ecs = {
    .name = "ecs",
    .write = write,
};
