#include "worker/tally.h"

#include "base/clock.h"
#include "dns/name.h"
#include "unit/test.h"

#include <stdio.h>

static struct tally tally;

static void open_tally(void)
{
    tally = (struct tally){ 0 };
    CHECK_EQUAL(tally_init(&tally), OK);
    tally.dice = 12345; /* the same in each run */
}

static void ask(const char *host, const char *name, bool is_denied, uint64_t now_ms)
{
    struct query q = { .asked.has_question = name != NULL };
    struct writer w = writer_of(q.asked.question.name, DNS_NAME_MAX);

    CHECK_EQUAL(addr_parse(host, 4711, &q.client), OK);
    if (name)
        CHECK_EQUAL(name_from_text(name, &w), OK);
    q.asked.question.name_len = (uint8_t)writer_len(&w);
    q.verdict.action = is_denied ? ACTION_DROP : ACTION_PASS;
    tally_note(&tally, &q, now_ms * NS_PER_MS);
}

/* What is told of one key, all rows together. */
struct wanted {
    struct slice key;
    struct tally_row sum;
};

static void take(void *arg, const struct tally_row *row)
{
    struct wanted *w = arg;

    if (!slice_equal(w->key, slice_of(row->key, row->key_len)))
        return;
    w->sum.rate += row->rate;
    w->sum.denied_rate += row->denied_rate;
}

static struct tally_row read_client(const char *host, uint64_t now_ms, uint64_t *ret_all)
{
    uint8_t key[DNS_NAME_MAX];
    struct wanted wanted = { 0 };
    union addr addr;

    CHECK_EQUAL(addr_parse(host, 53, &addr), OK);
    wanted.key = slice_of(key, tally_client_key(&addr, key));
    *ret_all = tally_read(&tally, TALLY_clients, now_ms * NS_PER_MS, take, &wanted);
    return wanted.sum;
}

static uint64_t rate_of(enum tally_kind kind, const char *name, uint64_t now_ms)
{
    uint8_t key[DNS_NAME_MAX];
    struct writer w = writer_of(key, sizeof key);
    struct wanted wanted = { 0 };

    CHECK_EQUAL(name_from_text(name, &w), OK);
    wanted.key = writer_slice(&w);
    tally_read(&tally, kind, now_ms * NS_PER_MS, take, &wanted);
    return wanted.sum.rate;
}

TEST(tally_exact, "a few queries are counted to the last one, by client, name and domain")
{
    struct tally_row row;
    uint64_t all;

    open_tally();
    for (unsigned i = 0; i < 40; i++)
        ask("192.0.2.7", i % 2 ? "www.example.co.uk" : "Mail.Example.co.uk", i % 4 == 0,
            1000 + 250 * i);
    for (unsigned i = 0; i < 10; i++)
        ask("2001:db8::7", NULL, false, 11000); /* which could not be read */
    row = read_client("192.0.2.7", 11000, &all);
    CHECK_EQUAL(row.rate, 4000);
    CHECK_EQUAL(row.denied_rate, 1000);
    CHECK_EQUAL(all, 5000);
    CHECK_EQUAL(read_client("2001:db8::7", 11000, &all).rate, 1000);
    CHECK_EQUAL(rate_of(TALLY_names, "www.example.co.uk", 11000), 2000);
    CHECK_EQUAL(rate_of(TALLY_names, "mail.example.co.uk", 11000), 2000);
    CHECK_EQUAL(rate_of(TALLY_domains, "example.co.uk", 11000), 4000);
    tally_done(&tally);
}

TEST(tally_sample, "of many queries some speak for all, and the rates are right to some percent")
{
    uint64_t all, big, small;

    open_tally();
    for (unsigned i = 0; i < 1000000; i++)
        ask(i % 10 ? "192.0.2.7" : "192.0.2.8", "www.example", false, 1000 + i / 100);
    big = read_client("192.0.2.7", 11000, &all).rate;
    small = read_client("192.0.2.8", 11000, &all).rate;
    CHECK(all > 98000000 && all < 102000000);
    CHECK(big > 88000000 && big < 92000000);
    CHECK(small > 9000000 && small < 11000000);
    tally_done(&tally);
}

TEST(tally_window, "what is told is of the last half minute to minute")
{
    uint64_t all;

    open_tally();
    for (unsigned i = 0; i < 300; i++)
        ask("192.0.2.7", "old.example", false, 1000 + 100 * i);
    CHECK_EQUAL(read_client("192.0.2.7", 31000, &all).rate, 10000);
    ask("192.0.2.8", "new.example", false, 32000);
    CHECK(read_client("192.0.2.7", 46000, &all).rate > 6000);
    ask("192.0.2.8", "new.example", false, 62500);
    CHECK_EQUAL(read_client("192.0.2.7", 62500, &all).rate, 0);
    CHECK(read_client("192.0.2.8", 62500, &all).rate > 0);
    CHECK_EQUAL(read_client("192.0.2.8", 200000, &all).rate, 0);
    CHECK_EQUAL(all, 0);
    tally_done(&tally);
}

TEST(tally_flood, "names that come once each do not displace the one that comes often")
{
    char name[32];

    open_tally();
    for (unsigned i = 0; i < 20000; i++) {
        snprintf(name, sizeof name, "r%u.victim.example", i);
        ask("192.0.2.7", i % 10 ? name : "www.example", false, 1000 + 2 * i);
    }
    CHECK(rate_of(TALLY_names, "www.example", 41000) > 40000);
    CHECK(rate_of(TALLY_domains, "victim.example", 41000) > 400000);
    CHECK(rate_of(TALLY_names, name, 41000) < 1000);
    tally_done(&tally);
}
