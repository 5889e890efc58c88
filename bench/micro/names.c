/* bench/micro/names.c - names by number, for programs that need millions of them. */
#include "micro/names.h"

#include "base/clock.h"
#include "dns/types.h"

#include <stdio.h>
#include <stdlib.h>

void name_query(struct message_query *q, uint64_t n)
{
    char text[80];
    struct writer w = writer_of(q->question.name, sizeof q->question.name);

    /* www.n1234567.example.com and the like: 26 bytes on the wire */
    snprintf(text, sizeof text, "www.n%08llu.example.com", (unsigned long long)n);
    *q = (struct message_query){ .header = { .id = 1, .flags = DNS_RD, .qdcount = 1 },
                                 .has_question = true,
                                 .edns = { .present = true, .udp_size = 1232 } };
    if (name_from_text(text, &w) != OK)
        abort();
    q->question.name_len = (uint8_t)writer_len(&w);
    q->question.qtype = TYPE_A;
    q->question.qclass = CLASS_IN;
}

static void write_response(struct writer *w, const struct message_query *q, uint64_t n)
{
    write_header(w,
                 &(struct header){
                     .flags = DNS_QR | DNS_RA | DNS_RD, .qdcount = 1, .ancount = 1, .arcount = 1 });
    write_question(w, &q->question);
    write_u16(w, 0xc00c);
    write_u16(w, TYPE_A);
    write_u16(w, CLASS_IN);
    write_u32(w, 3600);
    write_u16(w, 4);
    write_u32(w, (uint32_t)n);
    write_u8(w, 0);
    write_u16(w, TYPE_OPT);
    write_u16(w, 1232);
    write_u32(w, 0);
    write_u16(w, 0);
}

size_t name_wire_len(uint64_t n)
{
    struct message_query q;
    uint8_t wire[NAME_RESPONSE_MAX];
    struct writer w = writer_of(wire, sizeof wire);

    name_query(&q, n);
    write_response(&w, &q, n);
    return writer_len(&w);
}

void name_put(struct cache *c, uint64_t n, uint32_t now_s)
{
    struct message_query q;
    struct message m;
    uint8_t wire[NAME_RESPONSE_MAX];
    struct writer w = writer_of(wire, sizeof wire);

    name_query(&q, n);
    write_response(&w, &q, n);
    if (message_read_response(writer_slice(&w), &m) != OK)
        abort();
    cache_put(c, &(struct cache_key){ .question = &q.question }, &m, now_s);
}

bool name_get(struct cache *c, const struct message_query *q, uint32_t now_s, uint8_t *room,
              size_t size)
{
    const struct cache_key key = { .question = &q->question };
    const struct compose_settings settings = { .limit = 1232 };
    struct writer w = writer_of(room, size);
    struct cache_hit hit;

    return cache_get(c, &key, now_s, q, &settings, &w, &hit) == CACHE_FRESH;
}

struct cache *name_cache(size_t size)
{
    const struct cache_config config = { .size = size,
                                         .max_ttl = 86400 * NS_PER_S,
                                         .negative_max_ttl = 3600 * NS_PER_S,
                                         .failure_ttl = 5 * NS_PER_S,
                                         .stale = 86400 * NS_PER_S };
    struct cache *c;

    if (cache_new(&c, &config) != OK)
        abort();
    return c;
}
