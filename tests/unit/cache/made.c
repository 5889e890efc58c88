/* tests/unit/cache/made.c - responses, caches and clients for the tests of this room. */
#include "unit/cache/made.h"

#include "base/clock.h"

struct question made_question(const char *name, uint16_t qtype)
{
    struct question q = { .qtype = qtype, .qclass = CLASS_IN };
    struct writer w = writer_of(q.name, sizeof q.name);

    CHECK_EQUAL(name_from_text(name, &w), OK);
    q.name_len = (uint8_t)writer_len(&w);
    return q;
}

void made_start(struct made *m, const char *name, uint16_t qtype, uint16_t flags)
{
    m->w = writer_of(m->room, sizeof m->room);
    m->question = made_question(name, qtype);
    m->flags = (uint16_t)(DNS_QR | DNS_RA | flags);
    memset(m->counts, 0, sizeof m->counts);
    write_zeroes(&m->w, DNS_HEADER_SIZE);
    write_question(&m->w, &m->question);
}

void made_record(struct made *m, enum message_section section, uint16_t type, uint32_t ttl,
                 const void *rdata, size_t len)
{
    write_u16(&m->w, 0xc00c);
    write_u16(&m->w, type);
    write_u16(&m->w, CLASS_IN);
    write_u32(&m->w, ttl);
    write_u16(&m->w, (uint16_t)len);
    write_bytes(&m->w, slice_of(rdata, len));
    m->counts[section]++;
}

void made_a(struct made *m, uint32_t ttl, uint32_t address)
{
    uint8_t rdata[4];

    put_u16(rdata, (uint16_t)(address >> 16));
    put_u16(rdata + 2, (uint16_t)address);
    made_record(m, SECTION_ANSWER, TYPE_A, ttl, rdata, sizeof rdata);
}

void made_soa(struct made *m, uint32_t ttl, uint32_t minimum)
{
    uint8_t rdata[24] = { 0xc0, 0x0c, 0xc0, 0x0c };

    put_u16(rdata + 20, (uint16_t)(minimum >> 16));
    put_u16(rdata + 22, (uint16_t)minimum);
    made_record(m, SECTION_AUTHORITY, TYPE_SOA, ttl, rdata, sizeof rdata);
}

void made_opt(struct made *m, uint8_t extended_rcode, const void *options, size_t len)
{
    write_u8(&m->w, 0);
    write_u16(&m->w, TYPE_OPT);
    write_u16(&m->w, 1232);
    write_u32(&m->w, (uint32_t)extended_rcode << 24);
    write_u16(&m->w, (uint16_t)len);
    write_bytes(&m->w, slice_of(options, len));
    m->counts[SECTION_ADDITIONAL]++;
}

const struct message *made_end(struct made *m)
{
    struct writer w = writer_of(m->room, DNS_HEADER_SIZE);

    write_header(&w, &(struct header){ .id = 0x4711,
                                       .flags = m->flags,
                                       .qdcount = 1,
                                       .ancount = m->counts[SECTION_ANSWER],
                                       .nscount = m->counts[SECTION_AUTHORITY],
                                       .arcount = m->counts[SECTION_ADDITIONAL] });
    CHECK_EQUAL(message_read_response(writer_slice(&m->w), &m->message), OK);
    return &m->message;
}

const struct message *made_address(struct made *m, const char *name, uint32_t ttl, uint32_t address)
{
    made_start(m, name, TYPE_A, 0);
    made_a(m, ttl, address);
    return made_end(m);
}

struct cache_config made_config(size_t size)
{
    return (struct cache_config){ .size = size,
                                  .max_ttl = 86400 * NS_PER_S,
                                  .negative_max_ttl = 3600 * NS_PER_S,
                                  .failure_ttl = 5 * NS_PER_S,
                                  .stale = 86400 * NS_PER_S };
}

struct cache *made_cache(size_t size)
{
    const struct cache_config config = made_config(size);
    struct cache *c = NULL;

    CHECK_EQUAL(cache_new(&c, &config), OK);
    return c;
}

enum cache_result get_as(struct cache *c, const struct cache_key *key, uint32_t now_s,
                         const struct message_query *client, size_t limit, struct given *given)
{
    const struct compose_settings settings = { .limit = limit };
    struct writer w = writer_of(given->room, sizeof given->room);

    given->result = cache_get(c, key, now_s, client, &settings, &w, &given->hit);
    if (given->result == CACHE_MISS)
        CHECK_EQUAL(writer_len(&w), 0);
    else
        CHECK_EQUAL(message_read_response(writer_slice(&w), &given->message), OK);
    return given->result;
}

enum cache_result get(struct cache *c, const char *name, uint16_t qtype, uint32_t now_s,
                      struct given *given)
{
    const struct message_query client = { .header = { .id = 0x1234, .flags = DNS_RD, .qdcount = 1 },
                                          .has_question = true,
                                          .question = made_question(name, qtype),
                                          .edns = { .present = true, .udp_size = 1232 } };
    const struct cache_key key = { .question = &client.question };

    return get_as(c, &key, now_s, &client, DNS_MESSAGE_MAX, given);
}

void put(struct cache *c, const struct message *response, const struct made *m, uint32_t now_s)
{
    const struct cache_key key = { .question = &m->question };

    cache_put(c, &key, response, now_s);
}

uint32_t ttl_of(const struct message *m, unsigned n)
{
    struct records records = message_records(m);
    struct record rr;

    for (unsigned i = 0; message_next_record(&records, &rr); i++)
        if (i == n)
            return rr.ttl;
    fail_msg("the message has no record %u", n);
    return 0;
}
