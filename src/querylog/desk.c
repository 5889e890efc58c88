/* querylog/desk.c - a worker's records: copied into its belt, without a lock or a system call.
 *
 * Called by: worker/stages.c. Owns: the worker's end of the belt.
 */
#include "querylog/desk.h"

#include "dns/header.h"
#include "querylog/record.h"

static void raise(_Atomic uint64_t *counter)
{
    uint64_t before = atomic_load_explicit(counter, memory_order_relaxed);

    atomic_store_explicit(counter, before + 1, memory_order_relaxed);
}

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

static void fill(struct log_record *r, const struct query *q, const struct querylog_facts *facts)
{
    const struct message_query *asked = &q->asked;

    r->arrived_ns = q->arrived_ns;
    r->took_ns = facts->now_ns - q->arrived_ns;
    r->client = q->client;
    r->listener = *facts->listener;
    r->transport = facts->transport;
    r->tls_version = facts->tls_version;
    r->rule = q->verdict.rule;
    r->shadow = q->verdict.shadow;
    r->source = q->source;
    r->action = q->verdict.action;
    r->rule_bits = q->verdict.bits;
    r->has_edns = asked->edns.present;
    r->dnssec_ok = asked->edns.dnssec_ok;
    r->id = asked->header.id;
    r->flags = asked->header.flags;
    r->qtype = asked->question.qtype;
    r->qclass = asked->question.qclass;
    r->udp_size = asked->edns.udp_size;
    r->rcode = rcode_of(q->response, q);
    r->query_len = q->message_len;
    r->response_len = (uint32_t)q->response.len;
}

void querylog_note(struct querylog_desk *d, const struct query *q,
                   const struct querylog_facts *facts)
{
    bool is_readable = q->asked.has_question;
    struct slice qname = is_readable ? question_name(&q->asked.question) : (struct slice){ 0 };
    struct slice query = is_readable ? (struct slice){ 0 } : q->message;
    size_t len = sizeof(struct log_record) + qname.len + facts->sni.len + facts->upstream.len +
                 query.len + q->response.len;
    struct log_record *r = belt_reserve(&d->belt, len);
    uint8_t *at = (uint8_t *)(r + 1);

    if (!r) {
        raise(&d->lost);
        return;
    }
    fill(r, q, facts);
    r->is_readable = is_readable;
    r->qname_len = (uint8_t)qname.len;
    r->sni_len = (uint8_t)facts->sni.len;
    r->upstream_len = (uint8_t)facts->upstream.len;
    r->query_part_len = (uint32_t)query.len;
    r->response_part_len = (uint32_t)q->response.len;
    at = put(at, qname);
    at = put(at, facts->sni);
    at = put(at, facts->upstream);
    at = put(at, query);
    put(at, q->response);
    belt_commit(&d->belt, len);
    raise(&d->noted);
}
