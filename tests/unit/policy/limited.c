#include "policy/limited.h"

#include "base/clock.h"
#include "base/thread.h"
#include "dns/name.h"
#include "unit/test.h"

#include <stdio.h>

#define NEWS_MAX 4096

static struct limited *table;
static struct limited_item items[NEWS_MAX];
static struct limited_news heard[NEWS_MAX];
static size_t heard_count;

static void hear(void *arg, const struct limited_news *news)
{
    (void)arg;
    assert_true(heard_count < NEWS_MAX);
    if (news->item)
        items[heard_count] = *news->item;
    heard[heard_count++] = *news;
}

static void open_table(void)
{
    const struct hash_key key = { 1, 2 };

    CHECK_EQUAL(limited_new(&table, &key), OK);
    heard_count = 0;
}

static size_t look(uint64_t at_s)
{
    heard_count = 0;
    limited_tell(table, at_s * NS_PER_S, hear, NULL);
    return heard_count;
}

static void deny(const char *host, uint8_t bits, uint64_t at_s)
{
    union addr addr;

    CHECK_EQUAL(addr_parse(host, 4711, &addr), OK);
    limited_note(table, RULE_rate, false, &addr, bits, (struct slice){ 0 }, at_s * NS_PER_S);
}

/* Another host for each number. */
static void deny_numbered(unsigned number, uint64_t at_s)
{
    char host[32];

    snprintf(host, sizeof host, "10.%u.%u.%u", number >> 16, number >> 8 & 255, number & 255);
    deny(host, 32, at_s);
}

static size_t heard_of(enum limited_kind kind)
{
    size_t count = 0;

    for (size_t i = 0; i < heard_count; i++)
        count += heard[i].kind == kind;
    return count;
}

TEST(limited_life, "a prefix is told once when it begins and once when it is over, with its counts")
{
    char text[PREFIX_TEXT_MAX];

    open_table();
    for (unsigned i = 0; i < 100; i++)
        deny("192.0.2.7", 24, 1000);
    CHECK_EQUAL(look(1001), 1);
    CHECK_EQUAL(heard[0].kind, LIMITED_BEGINS);
    CHECK_EQUAL(heard[0].denied, 100);
    CHECK_EQUAL(items[0].rule, RULE_rate);
    CHECK_TEXT(prefix_format(&items[0].prefix, text), "192.0.2.0/24");
    for (uint64_t second = 1001; second < 1031; second++) {
        deny("192.0.2.200", 24, second); /* of the same network */
        CHECK_EQUAL(look(second), 0);
    }
    CHECK_EQUAL(look(1039), 0);
    CHECK_EQUAL(look(1040), 1);
    CHECK_EQUAL(heard[0].kind, LIMITED_ENDS);
    CHECK_EQUAL(heard[0].denied, 130);
    CHECK_EQUAL(heard[0].seconds, 30);
    CHECK_EQUAL(look(1100), 0);
    deny("192.0.2.7", 24, 1200);
    CHECK_EQUAL(look(1200), 1);
    CHECK_EQUAL(heard[0].kind, LIMITED_BEGINS);
    CHECK_EQUAL(heard[0].denied, 1);
    limited_free(&table);
}

TEST(limited_apart,
     "rules, modes, lengths, families and domains are told apart, letter case is not")
{
    static const uint8_t small[] = "\6victim\4test", big[] = "\6VICTIM\4test", other[] = "\5other";
    union addr v4, v6;

    open_table();
    CHECK_EQUAL(addr_parse("192.0.2.7", 53, &v4), OK);
    CHECK_EQUAL(addr_parse("2001:db8::7", 53, &v6), OK);
    for (unsigned i = 0; i < 3; i++) {
        const struct slice none = { 0 };

        limited_note(table, RULE_rate, false, &v4, 32, none, 0);
        limited_note(table, RULE_rate, true, &v4, 32, none, 0);
        limited_note(table, RULE_rate, false, &v4, 24, none, 0);
        limited_note(table, RULE_rate, false, &v6, 32, none, 0);
        limited_note(table, RULE_subdomains, false, &v4, 32, slice_of(small, sizeof small), 0);
        limited_note(table, RULE_subdomains, false, &v4, 32, slice_of(big, sizeof big), 0);
        limited_note(table, RULE_subdomains, false, &v4, 32, slice_of(other, sizeof other), 0);
    }
    CHECK_EQUAL(look(1), 6);
    for (size_t i = 0; i < 6; i++) {
        bool is_victim = items[i].about_len == sizeof small;

        CHECK_EQUAL(heard[i].denied, is_victim ? 6 : 3);
        if (is_victim)
            CHECK_BYTES(items[i].about, small, sizeof small);
    }
    limited_free(&table);
}

TEST(limited_flood,
     "however many sources there are, the news are few, and none of the queries is lost")
{
    uint64_t told = 0, queries = 0;
    size_t news = 0;

    open_table();
    for (uint64_t second = 0; second < 120; second++) {
        for (unsigned i = 0; second < 60 && i < 2000; i++, queries++)
            deny_numbered((unsigned)second * 2000 + i, second);
        news += look(second);
        for (size_t i = 0; i < heard_count; i++)
            told += heard[i].kind == LIMITED_BEGINS ? 0 : heard[i].denied + heard[i].unplaced;
        if (second == 59)
            CHECK(news <= LIMITED_NEWS_A_MINUTE);
    }
    look(300);
    for (size_t i = 0; i < heard_count; i++)
        told += heard[i].denied + heard[i].unplaced;
    CHECK(news > 40 && news <= 2 * LIMITED_NEWS_A_MINUTE);
    CHECK_EQUAL(told, queries);
    limited_free(&table);
}

TEST(limited_more, "those beyond the first are told together, once a minute")
{
    open_table();
    for (unsigned i = 0; i < 120; i++)
        deny_numbered(i, 0);
    look(0);
    CHECK_EQUAL(heard_of(LIMITED_BEGINS), 20);
    CHECK_EQUAL(heard_of(LIMITED_MORE), 1);
    CHECK_EQUAL(heard[heard_count - 1].prefixes, 100);
    CHECK_EQUAL(heard[heard_count - 1].denied, 100);
    look(10);
    CHECK_EQUAL(heard_of(LIMITED_ENDS), 20);
    CHECK_EQUAL(heard_count, 20);
    for (unsigned i = 0; i < 60; i++)
        deny_numbered(i, 20);
    look(20);
    CHECK_EQUAL(heard_of(LIMITED_MORE), 0);
    look(59);
    CHECK_EQUAL(heard_of(LIMITED_MORE), 0);
    look(60);
    CHECK_EQUAL(heard_of(LIMITED_MORE), 1);
    limited_free(&table);
}

TEST(limited_next, "for a client all is found that its networks are limited by")
{
    const struct limited_item *item;
    union addr addr;
    size_t at = 0;

    open_table();
    deny("192.0.2.7", 32, 0);
    deny("192.0.2.9", 32, 0);
    deny("192.0.2.9", 24, 0);
    CHECK_EQUAL(addr_parse("192.0.2.7", 53, &addr), OK);
    unsigned bits = 0, count = 0;
    while ((item = limited_next(table, &addr, &at))) {
        bits += item->prefix.bits;
        count++;
    }
    CHECK_EQUAL(count, 2);
    CHECK_EQUAL(bits, 32 + 24);
    limited_free(&table);
}

static void *deny_many(void *arg)
{
    unsigned first = *(const unsigned *)arg;

    for (unsigned i = 0; i < 200000; i++)
        deny_numbered((first + i) % 64, 0);
    return NULL;
}

TEST(limited_threads, "several threads deny while one tells, and each query is counted")
{
    unsigned firsts[] = { 0, 32 };
    pthread_t threads[2];
    uint64_t told = 0;

    open_table();
    for (size_t i = 0; i < 2; i++)
        CHECK_EQUAL(thread_start(&threads[i], "deny", deny_many, &firsts[i]), OK);
    for (unsigned i = 0; i < 200; i++) {
        look(0);
        told += heard_of(LIMITED_MORE) ? heard[heard_count - 1].denied : 0;
    }
    for (size_t i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    look(100);
    for (size_t i = 0; i < heard_count; i++)
        told += heard[i].kind == LIMITED_BEGINS ? 0 : heard[i].denied;
    CHECK_EQUAL(told, 400000);
    limited_free(&table);
}
