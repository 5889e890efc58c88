/* tests/unit/cache/property.c - whatever goes in comes out, but for id, letter case, TTLs and OPT.
 */
#include "unit/cache/made.h"

#include <stdio.h>

#define MESSAGES 3000

static uint64_t state = 88172645463325252u;

static uint32_t draw(uint32_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 33) % below;
}

static void add_record(struct made *m, enum message_section section)
{
    static const uint16_t types[] = { TYPE_A, TYPE_TXT, TYPE_CNAME, 65280 };
    const uint16_t type = types[draw(4)];
    uint8_t rdata[256];
    size_t len = 1 + draw(200);

    for (size_t i = 0; i < len; i++)
        rdata[i] = (uint8_t)draw(256);
    if (type == TYPE_A)
        len = 4;
    if (type == TYPE_TXT)
        rdata[0] = (uint8_t)(len - 1);
    if (type == TYPE_CNAME) {
        put_u16(rdata, 0xc00c);
        len = 2;
    }
    made_record(m, section, type, 1 + draw(100000), rdata, len);
}

static const struct message *make(struct made *m, unsigned n)
{
    static const uint16_t flags[] = { 0, DNS_AA, DNS_AD, DNS_RD, DNS_AA | DNS_AD };
    char name[64];

    snprintf(name, sizeof name, "%cW%u.%s", n % 2 ? 'w' : 'W', n,
             n % 3 ? "eXample" : "\\200.example");
    made_start(m, name, TYPE_A, flags[draw(5)]);
    made_a(m, 1 + draw(1000), n);
    for (uint32_t left = draw(5); left > 0; left--)
        add_record(m, SECTION_ANSWER);
    for (uint32_t left = draw(3); left > 0; left--)
        add_record(m, SECTION_AUTHORITY);
    for (uint32_t left = draw(3); left > 0; left--)
        add_record(m, SECTION_ADDITIONAL);
    if (draw(2))
        made_opt(m, 0, "\0\12\0\10abcdefgh", 12);
    for (uint32_t left = draw(3); left > 0; left--)
        add_record(m, SECTION_ADDITIONAL);
    return made_end(m);
}

/* The next record that is no OPT. */
static bool next(struct records *records, struct record *rr)
{
    while (message_next_record(records, rr))
        if (rr->type != TYPE_OPT)
            return true;
    return false;
}

static void check_owner(const struct message *a, size_t at_a, const struct message *b, size_t at_b)
{
    uint8_t name_a[DNS_NAME_MAX], name_b[DNS_NAME_MAX];
    struct reader r = reader_of(a->wire), s = reader_of(b->wire);

    read_bytes(&r, at_a);
    read_bytes(&s, at_b);
    CHECK(name_equal(slice_of(name_a, name_expand(&r, name_a)),
                     slice_of(name_b, name_expand(&s, name_b))));
}

static void check_same(const struct message *in, const struct message *out)
{
    struct records left = message_records(in), right = message_records(out);
    struct record a, b;

    CHECK(name_equal(in->question_name, out->question_name));
    CHECK_EQUAL(in->qtype, out->qtype);
    while (next(&left, &a)) {
        CHECK(next(&right, &b));
        CHECK_EQUAL(a.section, b.section);
        CHECK_EQUAL(a.type, b.type);
        CHECK_EQUAL(a.dns_class, b.dns_class);
        CHECK(slice_equal(a.rdata, b.rdata));
        CHECK(b.ttl >= 1 && b.ttl <= a.ttl);
        check_owner(in, a.start, out, b.start);
    }
    CHECK(!next(&right, &b));
}

static void swap_case(struct question *q)
{
    for (size_t i = 0; i < q->name_len; i++)
        if (((q->name[i] | 0x20) - 'a') < 26 && (q->name[i] | 0x20) >= 'a' && draw(2))
            q->name[i] ^= 0x20;
}

TEST(property, "whatever goes in comes out equal but for id, letter case, TTLs and OPT")
{
    static struct made m;
    static struct given given;
    struct cache *c = made_cache((size_t)1 << 20);

    for (unsigned i = 0; i < MESSAGES; i++) {
        const struct message *in = make(&m, i);
        struct message_query client = { .header = { .id = (uint16_t)draw(65536), .flags = DNS_AD },
                                        .has_question = true,
                                        .question = m.question,
                                        .edns.present = draw(2) };
        const struct cache_key key = { .question = &client.question, .view = (uint16_t)draw(3) };

        swap_case(&client.question);
        cache_put(c, &key, in, 1000);
        CHECK_EQUAL(get_as(c, &key, 1000, &client, DNS_MESSAGE_MAX, &given), CACHE_FRESH);
        CHECK_EQUAL(given.message.header.id, client.header.id);
        CHECK_EQUAL(given.message.header.flags, in->header.flags & ~DNS_RD);
        CHECK_EQUAL(given.message.edns.present, client.edns.present);
        CHECK_EQUAL(given.message.edns.options.len, 0);
        check_same(in, &given.message);
    }
    cache_free(&c);
}
