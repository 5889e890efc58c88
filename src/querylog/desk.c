/* querylog/desk.c - a worker's records: copied into its belt, without a lock or a system call.
 *
 * Called by: worker/stages_log.c. Owns: the worker's end of the belt.
 */
#include "querylog/desk.h"

#include "base/counter.h"
#include "dns/header.h"
#include "querylog/record.h"

static uint8_t *put(uint8_t *at, struct slice part)
{
    if (part.len > 0)
        memcpy(at, part.data, part.len);
    return at + part.len;
}

static uint16_t rcode_of(struct slice response, const struct query *q)
{
    if (response.len < DNS_HEADER_SIZE)
        return 0;
    if (q->source == FROM_ERROR) /* also the bits that the header has no room for */
        return q->fault.rcode;
    return response.data[3] & DNS_RCODE;
}

/* The client's own letters stand behind the header of whatever it is told. */
static bool is_echoed(struct slice response, struct slice qname)
{
    return qname.len > 0 && response.len >= DNS_HEADER_SIZE + qname.len &&
           memcmp(response.data + DNS_HEADER_SIZE, qname.data, qname.len) == 0;
}

static void fill(struct log_record *r, const struct query *q, const struct querylog_facts *facts)
{
    const struct message_query *asked = &q->asked;

    r->arrived_ns = q->arrived_ns;
    r->client = q->client;
    r->listener = *facts->listener;
    r->transport = facts->transport;
    r->tls_version = facts->tls_version;
    r->rule = q->verdict.rule;
    r->shadow = q->verdict.shadow;
    r->upstream_transport = facts->upstream_transport;
    r->id = asked->header.id;
    r->flags = asked->header.flags;
    r->qtype = asked->question.qtype;
    r->qclass = asked->question.qclass;
    r->udp_size = asked->edns.udp_size;
    r->rcode = rcode_of(q->response, q);
    r->query_len = q->message_len;
    r->kind = RECORD_QUERY;
    r->source = (uint8_t)q->source;
    r->look = (uint8_t)q->look;
    r->action = (uint8_t)q->verdict.action;
    r->rule_bits = q->verdict.bits;
    r->edns_version = asked->edns.version;
    r->is_proven = q->is_proven;
    r->is_readable = asked->has_question;
    r->has_edns = asked->edns.present;
    r->dnssec_ok = asked->edns.dnssec_ok;
}

/* The parts of a record, in their order. */
struct parts {
    struct slice qname, sni, subnet, upstream, query, response;
};

static size_t parts_len(const struct parts *p)
{
    return p->qname.len + p->sni.len + p->subnet.len + p->upstream.len + p->query.len +
           p->response.len;
}

static void put_parts(struct log_record *r, const struct parts *p)
{
    uint8_t *at = (uint8_t *)(r + 1);

    r->sni_len = (uint8_t)p->sni.len;
    r->subnet_len = (uint8_t)p->subnet.len;
    r->upstream_len = (uint16_t)p->upstream.len;
    r->query_part_len = (uint16_t)p->query.len;
    r->response_len = (uint16_t)p->response.len;
    at = put(at, p->qname);
    at = put(at, p->sni);
    at = put(at, p->subnet);
    at = put(at, p->upstream);
    at = put(at, p->query);
    put(at, p->response);
}

/* A subnet that is longer than any address is no subnet; the message shows it. */
static struct slice subnet_of(const struct query *q)
{
    struct slice subnet = q->asked.edns.client_subnet;

    return subnet.len <= RECORD_SUBNET_MAX ? subnet : (struct slice){ 0 };
}

static void keep(struct querylog_desk *d, size_t len)
{
    belt_keep(&d->belt, len);
    atomic_store_explicit(&d->is_in_turn, true, memory_order_relaxed);
}

void querylog_note(struct querylog_desk *d, const struct query *q,
                   const struct querylog_facts *facts)
{
    bool is_readable = q->asked.has_question;
    struct slice qname = is_readable ? question_name(&q->asked.question) : (struct slice){ 0 };
    bool echoed = is_echoed(q->response, qname);
    const struct parts parts = {
        .qname = echoed ? (struct slice){ 0 } : qname,
        .sni = facts->sni,
        .subnet = subnet_of(q),
        .upstream = facts->upstream,
        .query =
            is_readable && !(querylog_wants(d) & WANTS_MESSAGES) ? (struct slice){ 0 } : q->message,
        .response = q->response,
    };
    size_t len = sizeof(struct log_record) + parts_len(&parts);
    struct log_record *r = belt_reserve(&d->belt, len);

    if (!r) {
        counter_raise(&d->lost, 1);
        return;
    }
    fill(r, q, facts);
    r->is_echoed = echoed;
    r->qname_len = (uint8_t)qname.len;
    put_parts(r, &parts);
    keep(d, len);
    counter_raise(&d->noted, 1);
}

void querylog_note_exchange(struct querylog_desk *d, const struct querylog_exchange *x)
{
    const struct parts parts = { .query = x->query, .response = x->response };
    size_t len = sizeof(struct log_record) + parts_len(&parts);
    struct log_record *r = belt_reserve(&d->belt, len);

    if (!r) {
        counter_raise(&d->exchanges_lost, 1);
        return;
    }
    *r = (struct log_record){
        .kind = RECORD_EXCHANGE,
        .arrived_ns = x->asked_ns,
        .took_ns = x->answered_ns - x->asked_ns,
        .listener = *x->upstream,
        .transport = x->transport,
        .tls_version = "",
        .id = x->id,
        .query_len = (uint16_t)x->query.len,
    };
    put_parts(r, &parts);
    if (x->query.len >= DNS_HEADER_SIZE)
        put_u16((uint8_t *)(r + 1), x->id);
    keep(d, len);
}

void querylog_lose(struct querylog_desk *d)
{
    counter_raise(&d->lost, 1);
}

void querylog_turn_ends(struct querylog_desk *d, uint64_t now_ns)
{
    size_t at = atomic_load_explicit(&d->belt.written, memory_order_relaxed);
    struct log_record *r;

    while ((r = belt_kept(&d->belt, &at)))
        if (r->kind == RECORD_QUERY)
            r->took_ns = now_ns - r->arrived_ns;
    belt_commit(&d->belt);
    atomic_store_explicit(&d->is_in_turn, false, memory_order_release);
}
