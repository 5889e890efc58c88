/* querylog/format_json.c - dotproxy's own flat schema, one object a line.
 *
 * fields.def says what each field means. What is not there is left out.
 */
#include "base/clock.h"
#include "dns/header.h"
#include "querylog/answers.h"
#include "querylog/codes.h"
#include "querylog/format.h"
#include "querylog/parts.h"

/* All that is always there, but for what is copied from elsewhere. */
#define HEAD_MAX 512

static uint8_t *put_client(uint8_t *at, const struct log_view *v, const struct stamp *stamp)
{
    const struct log_record *r = v->head;

    at = put_address(PUT(at, ",\"client\":\""), &r->client);
    if (shows_port(r, stamp))
        return put_number(PUT(at, "\",\"client_port\":"), addr_port(&r->client));
    if (stamp->clients == CLIENTS_FULL)
        return PUT(at, "\"");
    return stamp->clients == CLIENTS_PREFIX ? PUT(at, "\",\"clients\":\"prefix\"")
                                            : PUT(at, "\",\"clients\":\"hashed\"");
}

/* The same for all queries of one listener, and most are of one. */
static uint8_t *put_listener(uint8_t *at, const struct log_record *r)
{
    static _Thread_local struct {
        union addr addr;
        const char *transport;
        size_t len;
        uint8_t text[160];
    } last;

    if (last.transport != r->transport || !addr_equal(&last.addr, &r->listener)) {
        uint8_t *end = put_text(PUT(last.text, ",\"transport\":\""), r->transport);

        end = put_address(PUT(end, "\",\"listener\":\""), &r->listener);
        end = put_number(PUT(end, "\",\"listener_port\":"), addr_port(&r->listener));
        last.addr = r->listener;
        last.transport = r->transport;
        last.len = (size_t)(end - last.text);
    }
    return put_bytes(at, last.text, last.len);
}

static void write_head(struct pen *p, const struct log_view *v, const struct stamp *stamp)
{
    const struct log_record *r = v->head;
    uint8_t *at = pen_open(p, HEAD_MAX);

    if (!at)
        return;
    at = put_time(PUT(at, "{\"version\":1,\"time\":\""), v->arrived_wall_ns);
    at = put_number(PUT(at, "\",\"sequence\":"), stamp->sequence);
    at = put_number(PUT(at, ",\"lost\":"), stamp->lost);
    if (stamp->sample > 1)
        at = put_number(PUT(at, ",\"sample\":"), stamp->sample);
    at = put_client(at, v, stamp);
    if (r->is_proven)
        at = PUT(at, ",\"proven\":true");
    at = put_listener(at, r);
    at = put_number(PUT(at, ",\"id\":"), r->id);
    at = put_flags(PUT(at, ",\"query_flags\":\""), r->flags);
    at = put_number(PUT(at, "\",\"query_bytes\":"), r->query_len);
    at = put_number(PUT(at, ",\"duration_us\":"), r->took_ns / NS_PER_US);
    at = put_text(PUT(at, ",\"source\":\""), source_name(r->source));
    if (r->look != LOOK_NONE)
        at = put_text(PUT(at, "\",\"cache\":\""), record_look_text(r->look));
    *at++ = '"';
    pen_close(p, at);
}

static struct slice write_asked(struct pen *p, const struct log_view *v)
{
    const struct log_record *r = v->head;
    struct slice qname;
    uint8_t *at;

    if (opcode_of(r->flags) != OPCODE_QUERY) {
        PEN_LITERAL(p, ",\"opcode\":\"");
        pen_opcode(p, opcode_of(r->flags));
        pen_byte(p, '"');
    }
    if (!r->is_readable)
        return (struct slice){ 0 };
    PEN_LITERAL(p, ",\"qname\":\"");
    qname = pen_json_name(p, v->qname, WITH_DOT);
    at = pen_open(p, HEAD_MAX);
    if (!at)
        return qname;
    at = put_type(PUT(at, "\",\"qtype\":\""), r->qtype);
    at = put_class(PUT(at, "\",\"qclass\":\""), r->qclass);
    pen_close(p, PUT(at, "\""));
    return qname;
}

/* What came is shown when nothing else tells what it was; to whom it belongs it may tell as well.
 */
static void write_unreadable(struct pen *p, const struct log_view *v)
{
    struct slice shown = v->query;
    uint8_t *at;

    if (v->head->is_readable || shown.len == 0)
        return;
    if (shown.len > MESSAGE_SHOWN)
        shown.len = MESSAGE_SHOWN;
    PEN_LITERAL(p, ",\"message\":\"");
    at = pen_room(p, 2 * shown.len);
    if (at)
        put_hex(at, shown);
    pen_byte(p, '"');
}

static void write_edns(struct pen *p, const struct log_view *v)
{
    const struct log_record *r = v->head;
    uint8_t *at = r->has_edns ? pen_open(p, HEAD_MAX) : NULL;

    if (!at)
        return;
    at = put_number(PUT(at, ",\"edns_version\":"), r->edns_version);
    at = put_number(PUT(at, ",\"edns_udp_size\":"), r->udp_size);
    if (r->dnssec_ok)
        at = PUT(at, ",\"dnssec_ok\":true");
    if (v->subnet.len > 0) {
        uint8_t *end = put_subnet(PUT(at, ",\"client_subnet\":\""), v->subnet);

        at = end ? PUT(end, "\"") : at;
    }
    pen_close(p, at);
}

/* A text of ours, when there is one. */
#define MEMBER(p, name, text)                                                                      \
    do {                                                                                           \
        PEN_LITERAL(p, ",\"" name "\":\"");                                                        \
        pen_json(p, text);                                                                         \
        pen_byte(p, '"');                                                                          \
    } while (0)

static void write_texts(struct pen *p, const struct log_view *v, const struct stamp *stamp)
{
    const struct log_record *r = v->head;

    if (stamp->identity[0])
        MEMBER(p, "identity", slice_of_text(stamp->identity));
    if (r->tls_version[0])
        MEMBER(p, "tls_version", slice_of_text(r->tls_version));
    if (v->sni.len > 0)
        MEMBER(p, "sni", v->sni);
    if (v->upstream.len > 0) {
        MEMBER(p, "upstream", v->upstream);
        MEMBER(p, "upstream_transport", slice_of_text(r->upstream_transport));
    }
}

static void write_verdict(struct pen *p, const struct log_record *r)
{
    if (r->rule) {
        MEMBER(p, "action", slice_of_text(action_name(r->action)));
        MEMBER(p, "rule", slice_of_text(r->rule));
        if (r->rule_bits > 0) {
            PEN_LITERAL(p, ",\"rule_prefix\":");
            pen_number(p, r->rule_bits);
        }
    }
    if (r->shadow)
        MEMBER(p, "shadow_rule", slice_of_text(r->shadow));
}

static void write_answer(struct pen *p, const struct answers *a, uint16_t qclass)
{
    uint8_t *at;

    answers_write_name(p, a);
    at = pen_open(p, HEAD_MAX);
    if (!at)
        return;
    at = put_type(PUT(at, "\",\"type\":\""), a->rr.type);
    if (a->rr.dns_class != qclass)
        at = put_class(PUT(at, "\",\"class\":\""), a->rr.dns_class);
    at = put_number(PUT(at, "\",\"ttl\":"), a->rr.ttl);
    pen_close(p, PUT(at, ",\"data\":\""));
    answers_write_data(p, a);
}

static void write_answers(struct pen *p, const struct log_view *v, struct slice qname)
{
    struct answers a;

    answers_begin(&a, v, p, qname, WITH_DOT);
    if (!answers_next(&a, p))
        return;
    PEN_LITERAL(p, ",\"answers\":[{\"name\":\"");
    write_answer(p, &a, v->head->qclass);
    while (answers_next(&a, p)) {
        PEN_LITERAL(p, "\"},{\"name\":\"");
        write_answer(p, &a, v->head->qclass);
    }
    PEN_LITERAL(p, "\"}]");
    if (a.is_cut)
        PEN_LITERAL(p, ",\"answers_cut\":true");
}

static void write_response(struct pen *p, const struct log_view *v, struct slice qname)
{
    struct slice error = extended_error_of(v);
    uint8_t *at = v->response.len < DNS_HEADER_SIZE ? NULL : pen_open(p, HEAD_MAX);

    if (!at)
        return;
    at = put_flags(PUT(at, ",\"response_flags\":\""), flags_of(v->response));
    at = put_number(PUT(at, "\",\"response_bytes\":"), v->response.len);
    at = put_rcode(PUT(at, ",\"rcode\":\""), v->rcode);
    pen_close(p, PUT(at, "\""));
    if (error.len >= 2) {
        PEN_LITERAL(p, ",\"extended_error\":");
        pen_number(p, code_at(error));
    }
    if (error.len > 2)
        MEMBER(p, "extended_error_text", slice_after(error, 2));
    write_answers(p, v, qname);
}

static void write(struct pen *p, const struct log_view *v, const struct stamp *stamp,
                  unsigned frame)
{
    struct slice qname;

    (void)frame;
    write_head(p, v, stamp);
    write_texts(p, v, stamp);
    qname = write_asked(p, v);
    write_unreadable(p, v);
    write_edns(p, v);
    write_verdict(p, v->head);
    write_response(p, v, qname);
    PEN_LITERAL(p, "}\n");
}

const struct format_ops format_json = {
    .name = "json",
    .write = write,
};
