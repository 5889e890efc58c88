/* dns/compose.c - messages that leave: queries to upstreams, responses to clients.
 *
 * Called by: flights (queries), the last stage of the walk (responses, errors).
 * A response is written at most three times: with everything, without extended errors, without
 * records. The first nearly always fits.
 */
#include "dns/compose.h"

#include "dns/rdata.h"
#include "dns/types.h"

#define OPT_DO          0x8000u
#define POINTER         0xc000u
#define POINTER_SIZE    2u
#define OPT_RDATA_START 11 /* behind owner, TYPE, CLASS, TTL and RDLENGTH */

/* What an OPT record of ours says. */
struct opt {
    uint8_t extended_rcode;
    bool dnssec_ok;
    struct slice cookie;
    struct slice upstream_options; /* extended errors are passed on from here */
    bool has_ede;                  /* one of our own */
    uint16_t ede;
    const char *ede_text;
    bool has_keepalive;
    uint16_t keepalive_timeout;
    size_t pad_to;
};

/* A response in parts. */
struct response {
    struct header header; /* its arcount does not know our OPT yet */
    const struct question *question;
    const struct message *records;     /* NULL when there are none */
    const struct compose_local *local; /* records of our own in their place, or NULL */
    const struct opt *opt;             /* NULL when the client has no EDNS */
};

static void write_option(struct writer *w, uint16_t code, struct slice data)
{
    write_u16(w, code);
    write_u16(w, (uint16_t)data.len);
    write_bytes(w, data);
}

static void write_upstream_errors(struct writer *w, struct slice options)
{
    struct reader r = reader_of(options);
    struct option option;

    while (read_option(&r, &option))
        if (option.code == EDNS_EXTENDED_ERROR && option.data.len >= 2)
            write_option(w, option.code, option.data);
}

/* RFC 8914 section 2: a code, then text without a final zero. */
static void write_own_error(struct writer *w, uint16_t ede, const char *text)
{
    const size_t len = text ? strlen(text) : 0;

    if (len > UINT16_MAX - 2) {
        w->failed = true;
        return;
    }
    write_u16(w, EDNS_EXTENDED_ERROR);
    write_u16(w, (uint16_t)(2 + len));
    write_u16(w, ede);
    write_bytes(w, slice_of(text, len));
}

static void write_keepalive(struct writer *w, uint16_t timeout)
{
    write_u16(w, EDNS_TCP_KEEPALIVE);
    write_u16(w, 2);
    write_u16(w, timeout);
}

/* RFC 7830 section 3, RFC 8467 section 4: the last option fills the message up to a multiple of
 * `pad_to`, or as far as the room goes. */
static void write_padding(struct writer *w, size_t pad_to)
{
    const size_t len = writer_len(w) + EDNS_OPTION_HEADER;
    const size_t room = (size_t)(w->end - w->start);
    size_t padded = (len + pad_to - 1) / pad_to * pad_to;

    if (w->failed || len > room)
        return;
    if (padded > room)
        padded = room;
    write_u16(w, EDNS_PADDING);
    write_u16(w, (uint16_t)(padded - len));
    write_zeroes(w, padded - len);
}

static void write_opt(struct writer *w, const struct opt *opt, bool with_errors)
{
    uint8_t *record = write_room(w, OPT_RDATA_START);

    if (!record)
        return;
    if (opt->cookie.len)
        write_option(w, EDNS_COOKIE, opt->cookie);
    if (with_errors && opt->upstream_options.len)
        write_upstream_errors(w, opt->upstream_options);
    if (with_errors && opt->has_ede)
        write_own_error(w, opt->ede, opt->ede_text);
    if (opt->has_keepalive)
        write_keepalive(w, opt->keepalive_timeout);
    if (opt->pad_to)
        write_padding(w, opt->pad_to);
    record[0] = 0; /* the root */
    put_u16(record + 1, TYPE_OPT);
    put_u16(record + 3, DNS_UDP_SIZE);
    put_u16(record + 5, (uint16_t)(opt->extended_rcode << 8)); /* and EDNS version 0 */
    put_u16(record + 7, opt->dnssec_ok ? OPT_DO : 0);
    put_u16(record + 9, (uint16_t)(w->next - record - OPT_RDATA_START));
}

/* A writer for one message in the room that `w` has left, up to `limit` bytes. */
static struct writer message_writer(const struct writer *w, size_t limit)
{
    const size_t left = (size_t)(w->end - w->next);

    return writer_of(w->next, limit < left ? limit : left);
}

static err_t append(struct writer *w, const struct writer *message)
{
    if (w->failed || message->failed)
        return ERR_TOOBIG;
    w->next = message->next;
    return OK;
}

/* RFC 6840 section 5.7: AD in a query asks for AD in the response; DO implies it. */
err_t compose_query(struct writer *w, const struct compose_query_settings *s)
{
    const struct opt opt = { .dnssec_ok = s->dnssec_ok };
    struct header header = { .id = s->id, .qdcount = 1, .arcount = 1 };
    struct writer out = message_writer(w, DNS_MESSAGE_MAX);

    if (s->recursion_desired)
        header.flags |= DNS_RD;
    if (s->checking_disabled)
        header.flags |= DNS_CD;
    if (s->authentic_data || s->dnssec_ok)
        header.flags |= DNS_AD;
    write_header(&out, &header);
    write_question(&out, s->question);
    write_opt(&out, &opt, false);
    if (!out.failed)
        name_lower(out.start + DNS_HEADER_SIZE, s->question->name_len);
    return append(w, &out);
}

err_t compose_on_stream(struct writer *w, struct slice query,
                        const struct compose_stream_settings *settings)
{
    struct writer out = message_writer(w, DNS_MESSAGE_MAX);

    write_bytes(&out, query);
    if (settings->asks_keepalive)
        write_option(&out, EDNS_TCP_KEEPALIVE, (struct slice){ 0 });
    if (settings->pad_to)
        write_padding(&out, settings->pad_to);
    if (!out.failed)
        put_u16(out.start + query.len - 2, (uint16_t)(writer_len(&out) - query.len));
    return append(w, &out);
}

/* Lowers the pointer in the name at `at`, a place in the upstream's message whose copy lies `gap`
 * bytes further down. */
static err_t lower_pointer(struct writer *copy, const struct message *m, size_t at)
{
    const size_t gap = m->opt_end - m->opt_start;
    struct reader r = reader_of(m->wire);
    uint8_t len;

    read_bytes(&r, at);
    for (len = read_u8(&r); len > 0 && len <= DNS_LABEL_MAX; len = read_u8(&r))
        read_bytes(&r, len);
    if (len > 0) {
        const size_t target = (size_t)(len << 8 | read_u8(&r)) & ~(size_t)POINTER;
        const size_t pointer_at = reader_offset(&r) - 2;

        if (target >= m->opt_start && target < m->opt_end)
            return ERR_MALFORMED;
        if (target >= m->opt_end)
            put_u16(copy->start + pointer_at - gap, (uint16_t)(POINTER | (target - gap)));
    }
    return OK;
}

/* Repairs the copies of all records that stood behind the OPT: they have moved down by its length,
 * and so has what their names point to. */
static err_t lower_pointers(struct writer *copy, const struct message *m)
{
    struct records records = message_records(m);
    struct record rr;

    while (message_next_record(&records, &rr)) {
        size_t at[RDATA_NAMES_MAX], names;

        if (rr.start < m->opt_end)
            continue;
        TRY(lower_pointer(copy, m, rr.start));
        names =
            rdata_names(rdata_reader(m->wire, rr.rdata), type_layout(rr.type, rr.dns_class), at);
        for (size_t i = 0; i < names; i++)
            TRY(lower_pointer(copy, m, at[i]));
    }
    return OK;
}

/* A second byte of a pointer may be a letter, and letters change with the client's letter case. A
 * question's name bears no pointer, but a hostile record may point into the middle of a label. */
static bool case_may_mislead(const struct response *r)
{
    const struct slice name = question_name(r->question);

    if (slice_equal(name, r->records->question_name))
        return false;
    for (size_t i = 0; i < name.len; i++)
        if (name.data[i] >= POINTER >> 8)
            return true;
    return false;
}

/* A hostile name may lead through bytes that were no name, and so through the OPT that is gone. The
 * copy has no OPT yet, but its header counts ours. */
static err_t check_copy(const struct writer *copy, uint16_t arcount)
{
    uint8_t *count = copy->start + DNS_HEADER_SIZE - 2;
    const uint8_t with_opt[2] = { count[0], count[1] };
    struct message moved;

    put_u16(count, arcount);
    TRY(message_read_response(writer_slice(copy), &moved));
    memcpy(count, with_opt, sizeof with_opt);
    return OK;
}

/* All records but the OPT. One copy when it is the last or there is none. */
static err_t write_records(struct writer *w, const struct response *r)
{
    const struct message *m = r->records;
    const size_t before_opt = m->opt_start ? m->opt_start : m->wire.len;
    const bool has_gap = m->opt_end && m->opt_end < m->wire.len;

    write_bytes(w, slice_after(slice_of(m->wire.data, before_opt), m->question_end));
    if (has_gap)
        write_bytes(w, slice_after(m->wire, m->opt_end));
    if (w->failed)
        return ERR_TOOBIG;
    if (has_gap)
        TRY(lower_pointers(w, m));
    if (has_gap || case_may_mislead(r))
        return check_copy(w, r->header.arcount);
    return OK;
}

/* `owner_at` and `zone_at` are places in the question's name, which is not compressed. */
static void write_own_record(struct writer *w, const struct compose_record *rr, uint16_t qclass,
                             size_t owner_at, size_t zone_at)
{
    write_u16(w, (uint16_t)(POINTER | (DNS_HEADER_SIZE + owner_at)));
    write_u16(w, rr->type);
    write_u16(w, qclass);
    write_u32(w, rr->ttl);
    write_u16(w, (uint16_t)(rr->rdata.len + (rr->begins_with_zone ? POINTER_SIZE : 0)));
    if (rr->begins_with_zone)
        write_u16(w, (uint16_t)(POINTER | (DNS_HEADER_SIZE + zone_at)));
    write_bytes(w, rr->rdata);
}

static void write_own_records(struct writer *w, const struct response *r)
{
    const struct compose_local *l = r->local;

    for (size_t i = 0; i < l->answer_count; i++)
        write_own_record(w, &l->answers[i], r->question->qclass, 0, l->zone_at);
    if (l->authority)
        write_own_record(w, l->authority, r->question->qclass, l->zone_at, l->zone_at);
}

static void write_counts(struct writer *w, struct header header, const struct response *r)
{
    header.qdcount = r->question ? 1 : 0;
    if (r->opt)
        header.arcount++;
    write_header(w, &header);
}

/* Writes the response with all that is asked for, into `limit` bytes. */
static err_t write_response(struct writer *w, const struct response *r, size_t limit,
                            bool with_errors)
{
    struct writer out = message_writer(w, limit);

    write_counts(&out, r->header, r);
    if (r->question)
        write_question(&out, r->question);
    if (r->records)
        TRY(write_records(&out, r));
    if (r->local)
        write_own_records(&out, r);
    if (r->opt)
        write_opt(&out, r->opt, with_errors);
    return append(w, &out);
}

/* RFC 2181 section 9: no part of an RRset is worth sending, so none is. */
static void drop_records(struct response *r)
{
    r->records = NULL;
    r->local = NULL;
    r->header.ancount = r->header.nscount = r->header.arcount = 0;
}

/* RFC 8914 section 3: extended errors go first, and TC tells that something has gone. */
static err_t write_what_fits(struct writer *w, struct response r, size_t limit)
{
    err_t err = write_response(w, &r, limit, true);

    if (err != ERR_TOOBIG)
        return err;
    r.header.flags |= DNS_TC;
    err = r.opt ? write_response(w, &r, limit, false) : err;
    if (err != ERR_TOOBIG)
        return err;
    drop_records(&r);
    return write_response(w, &r, limit, false);
}

static bool wants_authentic_data(const struct message_query *client)
{
    return client->edns.dnssec_ok || (client->header.flags & DNS_AD);
}

/* RFC 6840 section 5.8 for AD, RFC 4035 section 3.1.6 for CD. */
static struct header response_header(const struct header *upstream,
                                     const struct message_query *client)
{
    const uint16_t from_client = client->header.flags & (DNS_RD | DNS_CD);
    uint16_t from_upstream = upstream->flags & (DNS_AA | DNS_TC | DNS_RA | DNS_RCODE);
    struct header header = *upstream;

    if (wants_authentic_data(client))
        from_upstream |= upstream->flags & DNS_AD;
    header.id = client->header.id;
    header.flags = (uint16_t)(DNS_QR | from_client | from_upstream);
    return header;
}

static struct opt opt_for(const struct message_query *client, const struct compose_settings *s)
{
    return (struct opt){
        .dnssec_ok = client->edns.dnssec_ok, /* RFC 3225 section 3: copied */
        .has_keepalive = s->has_keepalive,
        .keepalive_timeout = s->keepalive_timeout,
        .pad_to = s->pad_to,
        .cookie = s->cookie,
    };
}

err_t compose_response(struct writer *w, const struct message *upstream,
                       const struct message_query *client, const struct compose_settings *settings)
{
    struct opt opt = opt_for(client, settings);
    struct response response = {
        .header = response_header(&upstream->header, client),
        .question = &client->question,
        .records = upstream,
        .opt = client->edns.present ? &opt : NULL,
    };

    /* pointers lead to the question's name: another one would change what they mean */
    if (!client->has_question || !question_equal(&client->question, upstream->question_name,
                                                 upstream->qtype, upstream->qclass))
        return ERR_MALFORMED;
    if (upstream->opt_start)
        response.header.arcount--;
    opt.extended_rcode = upstream->edns.extended_rcode;
    opt.upstream_options = upstream->edns.options;
    if (!response.opt && upstream->edns.extended_rcode) {
        /* RFC 6891 section 6.1.3: four bits cannot tell it */
        response.header.flags &= (uint16_t)~DNS_RCODE;
        response.header.flags |= RCODE_SERVFAIL;
        drop_records(&response);
    }
    return write_what_fits(w, response, settings->limit);
}

err_t compose_stored(struct writer *w, const struct compose_stored *stored,
                     const struct message_query *client, const struct compose_settings *settings)
{
    const struct opt opt = opt_for(client, settings);
    struct header header = response_header(&stored->header, client);
    struct writer out = message_writer(w, settings->limit);

    if (client->edns.present)
        header.arcount++;
    write_header(&out, &header);
    write_question(&out, &client->question);
    write_bytes(&out, stored->records);
    if (client->edns.present)
        write_opt(&out, &opt, false);
    return append(w, &out);
}

err_t compose_error(struct writer *w, const struct message_query *client,
                    const struct compose_fault *fault, const struct compose_settings *settings)
{
    const uint16_t copied = client->header.flags & (DNS_OPCODE | DNS_RD | DNS_CD);
    uint16_t rcode = fault->rcode;
    struct opt opt = opt_for(client, settings);
    struct response response = {
        .header = { .id = client->header.id },
        .question = client->has_question ? &client->question : NULL,
        .opt = client->edns.present ? &opt : NULL,
    };

    if (!response.opt && rcode > DNS_RCODE)
        rcode = RCODE_SERVFAIL;
    response.header.flags = (uint16_t)(DNS_QR | DNS_RA | copied | (rcode & DNS_RCODE));
    if (fault->is_truncated)
        response.header.flags |= DNS_TC;
    opt.extended_rcode = (uint8_t)(rcode >> 4);
    opt.has_ede = fault->has_ede;
    opt.ede = fault->ede;
    opt.ede_text = fault->text;
    return write_what_fits(w, response, settings->limit);
}

err_t compose_local(struct writer *w, const struct message_query *client,
                    const struct compose_local *local, const struct compose_settings *settings)
{
    uint16_t flags = client->header.flags & (DNS_RD | DNS_CD);
    struct opt opt = opt_for(client, settings);
    struct response response = {
        .header = { .id = client->header.id,
                    .ancount = local->answer_count,
                    .nscount = local->authority ? 1 : 0 },
        .question = &client->question,
        .local = local,
        .opt = client->edns.present ? &opt : NULL,
    };

    if (local->is_authoritative)
        flags |= DNS_AA;
    response.header.flags = (uint16_t)(DNS_QR | DNS_RA | flags | local->rcode);
    opt.has_ede = local->text;
    opt.ede = EDE_SYNTHESIZED;
    opt.ede_text = local->text;
    return write_what_fits(w, response, settings->limit);
}
