/* tests/unit/cache/cache.c - what goes in and how it comes out, on a clock that is fed by hand. */
#include "cache/cache.h"

#include "unit/cache/made.h"

#include <stdio.h>

#define MIB ((size_t)1 << 20)

static struct made m;
static struct given g;

TEST(cache_miss, "an empty cache knows nothing")
{
    struct cache *c = made_cache(MIB);

    CHECK_EQUAL(get(c, "example.com", TYPE_A, 100, &g), CACHE_MISS);
    cache_free(&c);
    CHECK(c == NULL);
}

TEST(cache_counts_down, "TTLs count down, end at 1, and then the entry is stale")
{
    struct cache *c = made_cache(MIB);

    made_start(&m, "example.com", TYPE_A, 0);
    made_a(&m, 300, 1);
    made_a(&m, 900, 2);
    put(c, made_end(&m), &m, 1000);
    CHECK_EQUAL(get(c, "example.com", TYPE_A, 1000, &g), CACHE_FRESH);
    CHECK_EQUAL(ttl_of(&g.message, 0), 300);
    CHECK_EQUAL(get(c, "example.com", TYPE_A, 1100, &g), CACHE_FRESH);
    CHECK_EQUAL(ttl_of(&g.message, 0), 200);
    CHECK_EQUAL(ttl_of(&g.message, 1), 800);
    CHECK_EQUAL(g.hit.ttl_left, 200);
    CHECK_EQUAL(g.hit.ttl_whole, 300);
    CHECK_EQUAL(get(c, "example.com", TYPE_A, 1299, &g), CACHE_FRESH);
    CHECK_EQUAL(ttl_of(&g.message, 0), 1);
    CHECK_EQUAL(get(c, "example.com", TYPE_A, 1300, &g), CACHE_STALE);
    cache_free(&c);
}

TEST(cache_clock_behind, "a worker whose clock is a second behind serves the whole TTL")
{
    struct cache *c = made_cache(MIB);

    put(c, made_address(&m, "example.com", 300, 1), &m, 1000);
    CHECK_EQUAL(get(c, "example.com", TYPE_A, 999, &g), CACHE_FRESH);
    CHECK_EQUAL(ttl_of(&g.message, 0), 300);
    cache_free(&c);
}

TEST(cache_stale, "a stale response has TTL 30 and says that it is stale, then it is gone")
{
    struct cache *c = made_cache(MIB);
    static const uint8_t told[] = { 0, EDE_STALE_ANSWER };

    put(c, made_address(&m, "example.com", 300, 1), &m, 0);
    CHECK_EQUAL(get(c, "example.com", TYPE_A, 300, &g), CACHE_STALE);
    CHECK_EQUAL(ttl_of(&g.message, 0), 30);
    CHECK_EQUAL(g.hit.ttl_left, 0);
    CHECK(slice_equal(g.message.edns.extended_error, slice_of(told, 2)));
    CHECK_EQUAL(get(c, "example.com", TYPE_A, 300 + 86399, &g), CACHE_STALE);
    CHECK_EQUAL(get(c, "example.com", TYPE_A, 300 + 86400, &g), CACHE_MISS);
    cache_free(&c);
}

TEST(cache_stale_nxdomain, "a stale NXDOMAIN says so: RFC 8914 section 4.20")
{
    struct cache *c = made_cache(MIB);
    static const uint8_t told[] = { 0, EDE_STALE_NXDOMAIN_ANSWER };

    made_start(&m, "example.com", TYPE_A, RCODE_NXDOMAIN);
    made_soa(&m, 60, 60);
    put(c, made_end(&m), &m, 0);
    CHECK_EQUAL(get(c, "example.com", TYPE_A, 59, &g), CACHE_FRESH);
    CHECK_EQUAL(g.hit.rcode, RCODE_NXDOMAIN);
    CHECK_EQUAL(g.message.edns.extended_error.len, 0);
    CHECK_EQUAL(get(c, "example.com", TYPE_A, 60, &g), CACHE_STALE);
    CHECK(slice_equal(g.message.edns.extended_error, slice_of(told, 2)));
    cache_free(&c);
}

TEST(cache_failure, "a failure is remembered for 5 s and is never stale")
{
    struct cache *c = made_cache(MIB);

    made_start(&m, "example.com", TYPE_A, RCODE_SERVFAIL);
    put(c, made_end(&m), &m, 0);
    CHECK_EQUAL(get(c, "example.com", TYPE_A, 4, &g), CACHE_FRESH);
    CHECK(g.hit.is_failure);
    CHECK_EQUAL(message_rcode(&g.message), RCODE_SERVFAIL);
    CHECK_EQUAL(get(c, "example.com", TYPE_A, 5, &g), CACHE_MISS);
    cache_free(&c);
}

TEST(cache_failure_spares, "a failure does not displace an answer, and forbids a refresh for 30 s")
{
    struct cache *c = made_cache(MIB);
    const struct question q = made_question("example.com", TYPE_A);

    put(c, made_address(&m, "example.com", 60, 1), &m, 0);
    CHECK_EQUAL(get(c, "example.com", TYPE_A, 100, &g), CACHE_STALE);
    CHECK(!g.hit.refresh_failed);
    cache_put_failure(c, &(struct cache_key){ .question = &q }, 100);
    CHECK_EQUAL(get(c, "example.com", TYPE_A, 129, &g), CACHE_STALE);
    CHECK(g.hit.refresh_failed);
    CHECK_EQUAL(get(c, "example.com", TYPE_A, 130, &g), CACHE_STALE);
    CHECK(!g.hit.refresh_failed);
    put(c, made_address(&m, "example.com", 60, 2), &m, 130);
    CHECK_EQUAL(get(c, "example.com", TYPE_A, 130, &g), CACHE_FRESH);
    cache_free(&c);
}

TEST(cache_failure_alone, "that no upstream answered is remembered as SERVFAIL")
{
    struct cache *c = made_cache(MIB);
    const struct question q = made_question("example.com", TYPE_A);

    cache_put_failure(c, &(struct cache_key){ .question = &q }, 100);
    CHECK_EQUAL(get(c, "example.com", TYPE_A, 101, &g), CACHE_FRESH);
    CHECK_EQUAL(g.hit.rcode, RCODE_SERVFAIL);
    put(c, made_address(&m, "example.com", 60, 2), &m, 102);
    CHECK_EQUAL(get(c, "example.com", TYPE_A, 102, &g), CACHE_FRESH);
    CHECK_EQUAL(g.hit.rcode, RCODE_NOERROR);
    cache_free(&c);
}

/* Asks with the bits and the view of `key`; its question may be NULL. */
static enum cache_result ask(struct cache *c, struct cache_key key, const char *name)
{
    const struct message_query client = { .has_question = true,
                                          .question = made_question(name, TYPE_A) };

    key.question = &client.question;
    return get_as(c, &key, 0, &client, DNS_MESSAGE_MAX, &g);
}

TEST(cache_key, "DO, CD, view, type and class tell entries apart; letter case does not")
{
    struct cache *c = made_cache(MIB);
    struct cache_key key = { .dnssec_ok = true, .view = 7 };

    made_address(&m, "www.Example.com", 300, 1);
    key.question = &m.question;
    cache_put(c, &key, &m.message, 0);
    CHECK_EQUAL(ask(c, key, "WWW.eXample.com"), CACHE_FRESH);
    CHECK_EQUAL(ask(c, key, "ww.example.com"), CACHE_MISS);
    key.view = 8;
    CHECK_EQUAL(ask(c, key, "www.example.com"), CACHE_MISS);
    key.view = 7;
    key.checking_disabled = true;
    CHECK_EQUAL(ask(c, key, "www.example.com"), CACHE_MISS);
    key.checking_disabled = false;
    key.dnssec_ok = false;
    CHECK_EQUAL(ask(c, key, "www.example.com"), CACHE_MISS);
    CHECK_EQUAL(get(c, "www.example.com", TYPE_AAAA, 0, &g), CACHE_MISS);
    cache_free(&c);
}

TEST(cache_client, "the response is the client's: id, letter case, RD, CD, and AD for who asked")
{
    struct cache *c = made_cache(MIB);
    struct message_query client = { .header = { .id = 0xbeef, .flags = DNS_RD },
                                    .has_question = true,
                                    .question = made_question("eXaMPle.cOM", TYPE_A) };
    const struct cache_key key = { .question = &client.question };

    made_start(&m, "example.com", TYPE_A, DNS_AD);
    made_a(&m, 300, 1);
    put(c, made_end(&m), &m, 0);
    CHECK_EQUAL(get_as(c, &key, 0, &client, DNS_MESSAGE_MAX, &g), CACHE_FRESH);
    CHECK_EQUAL(g.message.header.id, 0xbeef);
    CHECK_EQUAL(g.message.header.flags, DNS_QR | DNS_RD | DNS_RA);
    CHECK(!g.message.edns.present);
    CHECK(slice_equal(g.message.question_name, question_name(&client.question)));
    client.header.flags = DNS_AD | DNS_CD;
    CHECK_EQUAL(get_as(c, &key, 0, &client, DNS_MESSAGE_MAX, &g), CACHE_FRESH);
    CHECK_EQUAL(g.message.header.flags, DNS_QR | DNS_RA | DNS_AD | DNS_CD);
    cache_free(&c);
}

TEST(cache_truncates, "what is longer than the limit becomes TC without records")
{
    struct cache *c = made_cache(MIB);
    const struct message_query client = { .has_question = true,
                                          .question = made_question("example.com", TYPE_A) };
    const struct cache_key key = { .question = &client.question };

    made_start(&m, "example.com", TYPE_A, 0);
    for (unsigned i = 0; i < 100; i++)
        made_a(&m, 300, i);
    put(c, made_end(&m), &m, 0);
    CHECK_EQUAL(get_as(c, &key, 0, &client, 512, &g), CACHE_FRESH);
    CHECK(g.message.header.flags & DNS_TC);
    CHECK_EQUAL(g.message.header.ancount, 0);
    CHECK_EQUAL(get_as(c, &key, 0, &client, DNS_MESSAGE_MAX, &g), CACHE_FRESH);
    CHECK_EQUAL(g.message.header.ancount, 100);
    cache_free(&c);
}

TEST(cache_options, "padding and keepalive are the client's")
{
    struct cache *c = made_cache(MIB);
    const struct message_query client = { .has_question = true,
                                          .question = made_question("example.com", TYPE_A),
                                          .edns = { .present = true } };
    const struct cache_key key = { .question = &client.question };
    const struct compose_settings settings = {
        .limit = DNS_MESSAGE_MAX, .has_keepalive = true, .keepalive_timeout = 100, .pad_to = 468
    };
    struct writer w = writer_of(g.room, sizeof g.room);

    put(c, made_address(&m, "example.com", 300, 1), &m, 0);
    CHECK_EQUAL(cache_get(c, &key, 0, &client, &settings, &w, &g.hit), CACHE_FRESH);
    CHECK_EQUAL(writer_len(&w), 468);
    CHECK_EQUAL(message_read_response(writer_slice(&w), &g.message), OK);
    CHECK_EQUAL(g.message.edns.keepalive_timeout, 100);
    CHECK(g.message.edns.padded);
    cache_free(&c);
}

TEST(cache_no_options, "nothing of an upstream's OPT is kept, wherever it stood")
{
    struct cache *c = made_cache(MIB);
    static const uint8_t options[] = { 0, EDNS_COOKIE,
                                       0, 8,
                                       1, 2,
                                       3, 4,
                                       5, 6,
                                       7, 8,
                                       0, EDNS_EXTENDED_ERROR,
                                       0, 2,
                                       0, 3,
                                       0, EDNS_TCP_KEEPALIVE,
                                       0, 2,
                                       0, 9,
                                       0, EDNS_PADDING,
                                       0, 0 };

    made_start(&m, "example.com", TYPE_A, 0);
    made_a(&m, 300, 1);
    made_opt(&m, 0, options, sizeof options);
    made_record(&m, SECTION_ADDITIONAL, TYPE_A, 300, "\1\2\3\4", 4);
    put(c, made_end(&m), &m, 0);
    CHECK_EQUAL(get(c, "example.com", TYPE_A, 0, &g), CACHE_FRESH);
    CHECK_EQUAL(g.message.edns.options.len, 0);
    CHECK_EQUAL(g.message.header.arcount, 2);
    CHECK_EQUAL(ttl_of(&g.message, 1), 300);
    cache_free(&c);
}

TEST(cache_wrong_question, "the answer to another question is not kept")
{
    struct cache *c = made_cache(MIB);
    const struct question other = made_question("www.example.com", TYPE_A);

    cache_put(c, &(struct cache_key){ .question = &other }, made_address(&m, "example.com", 300, 1),
              0);
    CHECK_EQUAL(get(c, "example.com", TYPE_A, 0, &g), CACHE_MISS);
    CHECK_EQUAL(get(c, "www.example.com", TYPE_A, 0, &g), CACHE_MISS);
    cache_free(&c);
}

TEST(cache_bounds, "each record's TTL is put between min_ttl and max_ttl")
{
    struct cache_config config = made_config(MIB);
    struct cache *c;

    config.min_ttl = 60000000000u;
    config.max_ttl = 100000000000u;
    CHECK_EQUAL(cache_new(&c, &config), OK);
    made_start(&m, "example.com", TYPE_A, 0);
    made_a(&m, 3, 1);
    made_a(&m, 900, 2);
    put(c, made_end(&m), &m, 0);
    CHECK_EQUAL(get(c, "example.com", TYPE_A, 10, &g), CACHE_FRESH);
    CHECK_EQUAL(ttl_of(&g.message, 0), 50);
    CHECK_EQUAL(ttl_of(&g.message, 1), 90);
    CHECK_EQUAL(g.hit.ttl_left, 50);
    cache_free(&c);
}

TEST(cache_negative_ttl, "an SOA is served with the TTL of the negative answer")
{
    struct cache *c = made_cache(MIB);

    made_start(&m, "example.com", TYPE_A, RCODE_NXDOMAIN);
    made_soa(&m, 900, 60);
    put(c, made_end(&m), &m, 0);
    CHECK_EQUAL(get(c, "example.com", TYPE_A, 20, &g), CACHE_FRESH);
    CHECK_EQUAL(ttl_of(&g.message, 0), 40);
    cache_free(&c);
}

TEST(cache_replaces, "a newer response takes the place of the older")
{
    struct cache *c = made_cache(MIB);
    struct cache_stats stats;

    for (uint32_t i = 0; i < 20000; i++)
        put(c, made_address(&m, "example.com", 300 + i, i), &m, 0);
    CHECK_EQUAL(get(c, "example.com", TYPE_A, 0, &g), CACHE_FRESH);
    CHECK_EQUAL(g.hit.ttl_whole, 300 + 19999);
    CHECK_EQUAL(g.message.wire.data[g.message.answer_end - 1], 19999 & 0xff);
    cache_stats(c, &stats);
    CHECK_EQUAL(stats.entries, 1);
    CHECK_EQUAL(stats.insertions, 20000);
    CHECK_EQUAL(stats.evictions, 0);
    cache_free(&c);
}

static void put_numbered(struct cache *c, unsigned from, unsigned to)
{
    char name[40];

    for (unsigned i = from; i < to; i++) {
        snprintf(name, sizeof name, "n%u.example.com", i);
        put(c, made_address(&m, name, 300, i), &m, 0);
    }
}

TEST(cache_popular, "who is asked for survives a crowd of names that are asked for once")
{
    struct cache *c = made_cache(MIB);
    struct cache_stats stats;

    put(c, made_address(&m, "popular.example", 300, 1), &m, 0);
    CHECK_EQUAL(get(c, "popular.example", TYPE_A, 0, &g), CACHE_FRESH);
    CHECK_EQUAL(g.hit.popularity, 0);
    CHECK_EQUAL(get(c, "popular.example", TYPE_A, 0, &g), CACHE_FRESH);
    CHECK_EQUAL(g.hit.popularity, 1);
    for (unsigned i = 0; i < 50000; i += 1000) {
        put_numbered(c, i, i + 1000);
        CHECK_EQUAL(get(c, "popular.example", TYPE_A, 0, &g), CACHE_FRESH);
    }
    cache_stats(c, &stats);
    CHECK(stats.evictions > 30000);
    CHECK(stats.entries > 8000 && stats.bytes < stats.size);
    CHECK_EQUAL(stats.entries + stats.evictions, 50001);
    cache_free(&c);
}

TEST(cache_expired_go, "what can never be served again is put out without regret")
{
    struct cache *c = made_cache(MIB);
    struct cache_stats stats;
    char name[40];

    put_numbered(c, 0, 9000);
    for (unsigned i = 0; i < 20000; i++) {
        snprintf(name, sizeof name, "m%u.example.com", i);
        put(c, made_address(&m, name, 300, i), &m, 400 + 86400);
    }
    cache_stats(c, &stats);
    CHECK(stats.expirations > 7000);
    cache_free(&c);
}

TEST(cache_flush_name, "a name and what is below it can be forgotten, in all views")
{
    struct cache *c = made_cache(MIB);
    const struct question parent = made_question("Example.com", TYPE_A);
    const struct slice name = question_name(&parent);

    put(c, made_address(&m, "example.com", 300, 1), &m, 0);
    put(c, made_address(&m, "www.example.COM", 300, 1), &m, 0);
    cache_put(c, &(struct cache_key){ .question = &m.question, .view = 3 }, &m.message, 0);
    put(c, made_address(&m, "badexample.com", 300, 1), &m, 0);
    CHECK_EQUAL(cache_flush(c, &name), 3);
    CHECK_EQUAL(get(c, "www.example.com", TYPE_A, 0, &g), CACHE_MISS);
    CHECK_EQUAL(get(c, "badexample.com", TYPE_A, 0, &g), CACHE_FRESH);
    cache_free(&c);
}

TEST(cache_flush_all, "everything can be forgotten")
{
    struct cache *c = made_cache(8 * MIB);
    struct cache_stats stats;

    put_numbered(c, 0, 50000);
    CHECK_EQUAL(cache_flush(c, NULL), 50000);
    CHECK_EQUAL(get(c, "n49999.example.com", TYPE_A, 0, &g), CACHE_MISS);
    cache_stats(c, &stats);
    CHECK_EQUAL(stats.entries, 0);
    CHECK_EQUAL(stats.bytes, 0);
    put_numbered(c, 0, 50000);
    CHECK_EQUAL(get(c, "n0.example.com", TYPE_A, 0, &g), CACHE_FRESH);
    cache_free(&c);
}

TEST(cache_configure, "a reload changes the times and keeps what is remembered")
{
    struct cache *c = made_cache(MIB);
    struct cache_config config = made_config(0);

    put(c, made_address(&m, "example.com", 300, 1), &m, 0);
    config.stale = 0;
    cache_configure(c, &config);
    CHECK_EQUAL(get(c, "example.com", TYPE_A, 299, &g), CACHE_FRESH);
    CHECK_EQUAL(get(c, "example.com", TYPE_A, 300, &g), CACHE_MISS);
    cache_free(&c);
}

TEST(cache_long, "a message of 16 KiB is kept, a longer one is not")
{
    struct cache *c = made_cache(8 * MIB);
    static const uint8_t rdata[16000];

    made_start(&m, "long.example", 65280, 0);
    made_record(&m, SECTION_ANSWER, 65280, 300, rdata, sizeof rdata);
    put(c, made_end(&m), &m, 0);
    CHECK_EQUAL(get(c, "long.example", 65280, 0, &g), CACHE_FRESH);
    CHECK_EQUAL(g.message.wire.len, m.message.wire.len + 11);
    made_start(&m, "longer.example", 65280, 0);
    made_record(&m, SECTION_ANSWER, 65280, 300, rdata, sizeof rdata);
    made_record(&m, SECTION_ANSWER, 65280, 300, rdata, 1000);
    put(c, made_end(&m), &m, 0);
    CHECK_EQUAL(get(c, "longer.example", 65280, 0, &g), CACHE_MISS);
    cache_free(&c);
}

TEST(cache_no_room, "a writer without room gets a miss and nothing")
{
    struct cache *c = made_cache(MIB);
    const struct message_query client = { .has_question = true,
                                          .question = made_question("example.com", TYPE_A) };
    const struct cache_key key = { .question = &client.question };
    const struct compose_settings settings = { .limit = 512 };
    uint8_t room[20];
    struct writer w = writer_of(room, sizeof room);

    put(c, made_address(&m, "example.com", 300, 1), &m, 0);
    CHECK_EQUAL(cache_get(c, &key, 0, &client, &settings, &w, &g.hit), CACHE_MISS);
    CHECK_EQUAL(writer_len(&w), 0);
    cache_free(&c);
}

TEST(cache_peek, "who only looks learns what is there, and the response is no more popular for it")
{
    struct cache *c = made_cache(MIB);
    const struct question question = made_question("Example.com", TYPE_A);
    const struct cache_key key = { .question = &question },
                           other = { .question = &question, .dnssec_ok = true };
    struct cache_hit hit;

    CHECK_EQUAL(cache_peek(c, &key, 1000, &hit), CACHE_MISS);
    put(c, made_address(&m, "example.com", 300, 1), &m, 1000);
    for (unsigned i = 0; i < 10; i++)
        CHECK_EQUAL(cache_peek(c, &key, 1100, &hit), CACHE_FRESH);
    CHECK_EQUAL(hit.ttl_left, 200);
    CHECK_EQUAL(hit.ttl_whole, 300);
    CHECK_EQUAL(cache_peek(c, &other, 1100, &hit), CACHE_MISS);
    CHECK_EQUAL(get(c, "example.com", TYPE_A, 1100, &g), CACHE_FRESH);
    CHECK_EQUAL(g.hit.popularity, 0);
    CHECK_EQUAL(cache_peek(c, &key, 1300, &hit), CACHE_STALE);
    CHECK_EQUAL(hit.ttl_left, 0);
    CHECK_EQUAL(cache_peek(c, &key, 1300 + 86400, &hit), CACHE_MISS);
    cache_free(&c);
}

TEST(cache_can_answer, "it can answer while a response may be served, and not from failures alone")
{
    struct cache *c = made_cache(MIB);
    const struct question q = made_question("failed.example", TYPE_A);

    CHECK(!cache_can_answer(c, 100));
    cache_put_failure(c, &(struct cache_key){ .question = &q }, 100);
    CHECK(!cache_can_answer(c, 100));
    put(c, made_address(&m, "example.com", 300, 1), &m, 100);
    CHECK(cache_can_answer(c, 100));
    CHECK(cache_can_answer(c, 400)); /* stale */
    CHECK(!cache_can_answer(c, 400 + 86400));
    cache_flush(c, NULL);
    CHECK(!cache_can_answer(c, 100));
    cache_free(&c);
}
