/* dns/message.c - whole messages: a client's query, an upstream's response.
 *
 * Called by: the listeners' side (queries), the transports (responses), and who goes over records.
 * Everything is checked here, once; what was read may be walked without a second look.
 */
#include "dns/message.h"

#include "dns/rdata.h"
#include "dns/types.h"

#define POINTER_TO_QUESTION (0xc000u | DNS_HEADER_SIZE)

uint16_t message_rcode(const struct message *m)
{
    return (uint16_t)(m->edns.extended_rcode << 4 | header_rcode(&m->header));
}

/* Most owners are a pointer to the question, whose name has been read by then. */
static void skip_owner(struct reader *r)
{
    struct reader ahead = *r;

    if (read_u16(&ahead) == POINTER_TO_QUESTION && !ahead.failed)
        *r = ahead;
    else
        skip_name(r);
}

/* Reads a record behind its owner: RFC 1035 section 4.1.3. */
static void read_record_body(struct reader *r, struct record *ret_record)
{
    ret_record->type = read_u16(r);
    ret_record->dns_class = read_u16(r);
    ret_record->ttl = read_u32(r);
    ret_record->rdata = read_bytes(r, read_u16(r));
}

static bool is_root(struct reader r)
{
    return read_u8(&r) == 0 && !r.failed;
}

static uint32_t record_count(const struct header *h)
{
    return (uint32_t)h->ancount + h->nscount + h->arcount;
}

/* Types that ask for something other than records; none of it is ours to give.
 * RFC 6891 6.1.1, RFC 8945 5, RFC 2930 4: OPT, TSIG and TKEY are no questions. */
static uint16_t rcode_for_qtype(uint16_t qtype)
{
    switch (qtype) {
    case TYPE_OPT:
    case TYPE_TKEY:
    case TYPE_TSIG:
        return RCODE_FORMERR;
    case TYPE_IXFR:
    case TYPE_AXFR:
    case TYPE_MAILA:
    case TYPE_MAILB:
        return RCODE_REFUSED;
    default:
        return RCODE_NOERROR;
    }
}

/* RFC 6891 section 6.1.1: one OPT, owned by the root. What of it can be read is noted all the same:
 * a response to a faulty OPT bears an OPT (section 7). */
static err_t read_query_opt(struct reader owner, const struct record *rr, struct edns *edns)
{
    if (edns->present)
        return ERR_MALFORMED;
    TRY(read_edns(rr->dns_class, rr->ttl, rr->rdata, edns));
    return is_root(owner) ? OK : ERR_MALFORMED;
}

/* Walks all records; those that are no OPT (TSIG, SIG(0), the SOA of IXFR) are not looked into. */
static err_t read_query_records(struct reader *r, struct message_query *q)
{
    const uint32_t count = record_count(&q->header);
    const uint32_t before_additional = count - q->header.arcount;
    struct record rr;

    for (uint32_t i = 0; i < count; i++) {
        const struct reader owner = *r;

        skip_name(r);
        read_record_body(r, &rr);
        if (r->failed)
            return ERR_MALFORMED;
        if (rr.type != TYPE_OPT)
            continue;
        if (i < before_additional)
            return ERR_MALFORMED;
        TRY(read_query_opt(owner, &rr, &q->edns));
    }
    return reader_left(r) == 0 ? OK : ERR_MALFORMED;
}

/* RFC 9619 section 4 wants one question, RFC 7873 section 5.4 none where a cookie is asked for.
 * Answers have no place in a query, nor has an authority section, but for the SOA of IXFR (RFC 1995
 * section 3). */
static bool counts_are_sane(const struct message_query *q)
{
    if (!q->has_question && !q->edns.cookie.data)
        return false;
    if (q->header.ancount != 0)
        return false;
    return q->header.nscount == 0 || q->question.qtype == TYPE_IXFR;
}

/* Reads as far as it goes and tells the RCODE: first the form, then the version, then the type. */
static uint16_t read_query_body(struct reader *r, struct message_query *q)
{
    if (q->header.qdcount > 1)
        return RCODE_FORMERR;
    if (q->header.qdcount == 1) {
        if (read_question(r, &q->question) != OK)
            return RCODE_FORMERR;
        q->has_question = true;
    }
    if (read_query_records(r, q) != OK || !counts_are_sane(q))
        return RCODE_FORMERR;
    if (q->edns.version != 0)
        return RCODE_BADVERS;
    return rcode_for_qtype(q->question.qtype);
}

static void set_none(struct question *q)
{
    q->qtype = q->qclass = 0;
    q->name_len = 1;
    q->name[0] = 0;
}

err_t message_read_query(struct slice wire, struct message_query *ret_query)
{
    struct reader r = reader_of(wire);
    struct header header = read_header(&r);

    if (r.failed || (header.flags & DNS_QR))
        return ERR_MALFORMED;
    ret_query->header = header;
    ret_query->has_question = false;
    set_none(&ret_query->question);
    ret_query->edns = (struct edns){ 0 };
    if (header_opcode(&header) != OPCODE_QUERY)
        ret_query->rcode = RCODE_NOTIMP; /* its sections may mean anything: RFC 2136, RFC 8490 */
    else
        ret_query->rcode = read_query_body(&r, ret_query);
    return OK;
}

static err_t read_response_opt(const struct reader *owner, size_t end, const struct record *rr,
                               struct message *m)
{
    if (m->edns.present || !is_root(*owner))
        return ERR_MALFORMED;
    m->opt_start = reader_offset(owner);
    m->opt_end = end;
    return read_edns(rr->dns_class, rr->ttl, rr->rdata, &m->edns);
}

static bool rdata_is_sane(const struct message *m, const struct record *rr)
{
    if (rr->type == TYPE_A && rr->dns_class == CLASS_IN)
        return rr->rdata.len == 4;
    return rdata_fits(rdata_reader(m->wire, rr->rdata), type_layout(rr->type, rr->dns_class));
}

static err_t read_section(struct reader *r, uint16_t count, enum message_section section,
                          struct message *m)
{
    struct record rr;

    for (; count > 0; count--) {
        const struct reader owner = *r;

        skip_owner(r);
        read_record_body(r, &rr);
        if (r->failed)
            return ERR_MALFORMED;
        if (rr.type == TYPE_OPT) {
            if (section != SECTION_ADDITIONAL)
                return ERR_MALFORMED;
            TRY(read_response_opt(&owner, reader_offset(r), &rr, m));
        } else if (!rdata_is_sane(m, &rr)) {
            return ERR_MALFORMED;
        }
    }
    return OK;
}

static err_t read_response(struct message *m)
{
    struct reader r = reader_of(m->wire);

    m->header = read_header(&r);
    if (!(m->header.flags & DNS_QR) || header_opcode(&m->header) != OPCODE_QUERY ||
        m->header.qdcount != 1)
        return ERR_MALFORMED;
    m->question_name = read_name(&r);
    m->qtype = read_u16(&r);
    m->qclass = read_u16(&r);
    if (r.failed)
        return ERR_MALFORMED;
    m->question_end = reader_offset(&r);
    TRY(read_section(&r, m->header.ancount, SECTION_ANSWER, m));
    m->answer_end = reader_offset(&r);
    TRY(read_section(&r, m->header.nscount, SECTION_AUTHORITY, m));
    m->authority_end = reader_offset(&r);
    TRY(read_section(&r, m->header.arcount, SECTION_ADDITIONAL, m));
    return reader_left(&r) == 0 ? OK : ERR_MALFORMED;
}

err_t message_read_response(struct slice wire, struct message *ret_message)
{
    struct message m = { .wire = wire };

    if (wire.len > DNS_MESSAGE_MAX)
        return ERR_MALFORMED;
    TRY(read_response(&m));
    *ret_message = m;
    return OK;
}

struct records message_records(const struct message *m)
{
    struct records records = { reader_of(m->wire), m->answer_end, m->authority_end };

    read_bytes(&records.next, m->question_end);
    return records;
}

bool message_next_record(struct records *records, struct record *ret_record)
{
    struct reader *r = &records->next;

    if (reader_left(r) == 0)
        return false;
    ret_record->start = reader_offset(r);
    ret_record->section = SECTION_ADDITIONAL;
    if (ret_record->start < records->answer_end)
        ret_record->section = SECTION_ANSWER;
    else if (ret_record->start < records->authority_end)
        ret_record->section = SECTION_AUTHORITY;
    skip_owner(r);
    read_record_body(r, ret_record);
    ret_record->end = reader_offset(r);
    return !r->failed;
}
