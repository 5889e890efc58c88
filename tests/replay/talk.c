/* tests/replay/talk.c - what clients and upstreams say and understand. */
#include "replay/talk.h"

#include "dns/compose.h"

#include <ctype.h>

#define TTL             60
#define EDE_HEADER_SIZE 2

uint32_t address_of(const char *name)
{
    uint32_t hash = 2166136261u; /* FNV-1a */

    for (; *name && !(*name == '.' && name[1] == 0); name++)
        hash = (hash ^ (uint32_t)tolower((unsigned char)*name)) * 16777619u;
    return hash;
}

static struct question question_of(const char *name)
{
    struct question q = { .qtype = TYPE_A, .qclass = CLASS_IN };
    struct writer w = writer_of(q.name, sizeof q.name);

    if (name_from_text(name, &w) != OK)
        return q;
    q.name_len = (uint8_t)writer_len(&w);
    return q;
}

struct said say_query(uint16_t id, const char *name)
{
    return say_query_with_cookie(id, name, (struct slice){ 0 });
}

struct said say_query_with_cookie(uint16_t id, const char *name, struct slice cookie)
{
    const struct question question = question_of(name);
    struct said said;
    struct writer w = writer_of(said.bytes, sizeof said.bytes);

    write_header(&w, &(struct header){ id, DNS_RD, 1, 0, 0, 1 });
    write_question(&w, &question);
    write_u8(&w, 0);
    write_u16(&w, TYPE_OPT);
    write_u16(&w, DNS_UDP_SIZE);
    write_u32(&w, 0);
    write_u16(&w, (uint16_t)(cookie.len ? EDNS_OPTION_HEADER + cookie.len : 0));
    if (cookie.len) {
        write_u16(&w, EDNS_COOKIE);
        write_u16(&w, (uint16_t)cookie.len);
        write_bytes(&w, cookie);
    }
    said.len = writer_len(&w);
    return said;
}

static void write_answer(struct writer *w, const struct asked *asked, uint16_t flags,
                         uint16_t additional)
{
    bool is_short = flags & DNS_TC;
    const struct header header = { asked->id, (uint16_t)(DNS_QR | DNS_RA | DNS_RD | flags),
                                   1,         is_short ? 0 : 1,
                                   0,         additional };

    write_header(w, &header);
    write_question(w, &asked->question);
    if (is_short)
        return;
    write_u16(w, 0xc00c); /* the question's name */
    write_u16(w, TYPE_A);
    write_u16(w, CLASS_IN);
    write_u32(w, TTL);
    write_u16(w, 4);
    write_u32(w, address_of(asked->name));
}

/* An OPT record with one option, whose data follows. */
static void write_opt(struct writer *w, uint16_t code, uint16_t len)
{
    write_u8(w, 0);
    write_u16(w, TYPE_OPT);
    write_u16(w, DNS_UDP_SIZE);
    write_u32(w, 0);
    write_u16(w, (uint16_t)(EDNS_OPTION_HEADER + len));
    write_u16(w, code);
    write_u16(w, len);
}

struct said say_answer(const struct asked *asked, uint16_t flags)
{
    struct said said;
    struct writer w = writer_of(said.bytes, sizeof said.bytes);

    write_answer(&w, asked, flags, 0);
    said.len = writer_len(&w);
    return said;
}

struct said say_answer_keepalive(const struct asked *asked, uint16_t timeout)
{
    struct said said;
    struct writer w = writer_of(said.bytes, sizeof said.bytes);

    write_answer(&w, asked, 0, 1);
    write_opt(&w, EDNS_TCP_KEEPALIVE, 2);
    write_u16(&w, timeout);
    said.len = writer_len(&w);
    return said;
}

struct said say_failure(const struct asked *asked, enum dns_rcode rcode, enum dns_ede ede,
                        const char *text)
{
    const struct header header = { asked->id, (uint16_t)(DNS_QR | DNS_RA | DNS_RD | rcode), 1, 0, 0,
                                   1 };
    struct said said;
    struct writer w = writer_of(said.bytes, sizeof said.bytes);

    write_header(&w, &header);
    write_question(&w, &asked->question);
    write_opt(&w, EDNS_EXTENDED_ERROR, (uint16_t)(EDE_HEADER_SIZE + strlen(text)));
    write_u16(&w, (uint16_t)ede);
    write_bytes(&w, slice_of(text, strlen(text)));
    said.len = writer_len(&w);
    return said;
}

static void hear_ede(struct slice option, struct heard *h)
{
    struct reader r = reader_of(option);
    struct slice text;

    h->has_ede = option.len >= EDE_HEADER_SIZE;
    h->ede = read_u16(&r);
    text = read_rest(&r);
    if (text.len && text.len < sizeof h->ede_text)
        memcpy(h->ede_text, text.data, text.len);
}

static void hear_cookie(struct slice option, struct heard *h)
{
    if (!option.len || option.len > sizeof h->cookie)
        return;
    h->cookie_len = option.len;
    memcpy(h->cookie, option.data, option.len);
}

bool hear_response(struct slice wire, struct heard *ret_heard)
{
    struct message m;
    struct records records;
    struct record record;

    *ret_heard = (struct heard){ .len = wire.len };
    if (message_read_response(wire, &m) != OK)
        return false;
    ret_heard->id = m.header.id;
    ret_heard->flags = m.header.flags;
    ret_heard->rcode = message_rcode(&m);
    name_to_text(m.question_name, ret_heard->name, sizeof ret_heard->name);
    hear_ede(m.edns.extended_error, ret_heard);
    hear_cookie(m.edns.cookie, ret_heard);
    records = message_records(&m);
    while (message_next_record(&records, &record)) {
        struct reader r = reader_of(record.rdata);

        if (record.section != SECTION_ANSWER || record.type != TYPE_A)
            continue;
        ret_heard->has_address = true;
        ret_heard->address = read_u32(&r);
        ret_heard->ttl = record.ttl;
    }
    return true;
}

bool hear_query(struct slice wire, struct asked *ret_asked)
{
    struct message_query q;

    *ret_asked = (struct asked){ 0 };
    if (message_read_query(wire, &q) != OK || q.rcode != RCODE_NOERROR)
        return false;
    ret_asked->id = q.header.id;
    ret_asked->flags = q.header.flags;
    ret_asked->question = q.question;
    name_to_text(question_name(&q.question), ret_asked->name, sizeof ret_asked->name);
    return true;
}
