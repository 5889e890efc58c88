/* tests/unit/querylog/filter.c - which records a stream takes. */
#include "querylog/filter.h"

#include "unit/querylog/made.h"

#include <stdio.h>

static struct made m;
static char told[512];

static void tell(void *arg, const char *option, const char *text)
{
    (void)arg;
    snprintf(told + strlen(told), sizeof told - strlen(told), "%s: %s\n", option, text);
}

#define LIST(...)                                                                                  \
    {                                                                                              \
        (const char *const[]){ __VA_ARGS__ },                                                      \
            sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(const char *)                    \
    }

static bool passes(struct query_log_config config)
{
    struct log_view v = made_view(&m);
    struct filter f;
    bool does;

    config.sample = config.sample ? config.sample : 1;
    CHECK_EQUAL(filter_init(&f, &config, tell, NULL), OK);
    does = filter_passes(&f, &v);
    filter_done(&f);
    return does;
}

TEST(filter_nothing, "without a filter every record passes")
{
    made_begin(&m);
    CHECK(passes((struct query_log_config){ 0 }));
}

TEST(filter_only,
     "only denied: what a rule was against, in force or in shadow; only errors: what has no answer")
{
    const struct query_log_config denied = { .only = ONLY_DENIED },
                                  errors = { .only = ONLY_ERRORS };

    made_begin(&m);
    CHECK(!passes(denied) && !passes(errors));
    m.query.verdict.shadow = "rate";
    CHECK(passes(denied) && !passes(errors));
    m.query.verdict = (struct verdict){ .action = ACTION_DROP, .rule = "rate" };
    m.query.response = (struct slice){ 0 };
    CHECK(passes(denied) && passes(errors));
    made_begin(&m);
    m.response.room[3] |= RCODE_NXDOMAIN; /* an answer as well */
    CHECK(!passes(errors));
    m.response.room[3] = RCODE_SERVFAIL;
    CHECK(passes(errors));
}

TEST(filter_clients, "clients by prefix, of either family")
{
    const struct query_log_config four = { .clients_from =
                                               LIST("198.51.100.0/24", "192.0.2.128/25") },
                                  six = { .clients_from = LIST("2001:db8::/32") };

    made_begin(&m);
    CHECK(passes(four) && !passes(six));
    CHECK_EQUAL(addr_parse("192.0.2.1", 1, &m.query.client), OK);
    CHECK(!passes(four));
    CHECK_EQUAL(addr_parse("2001:db8::1", 1, &m.query.client), OK);
    CHECK(!passes(four) && passes(six));
}

TEST(filter_names, "names and all below them, in any letter case")
{
    made_begin(&m);
    CHECK(passes((struct query_log_config){ .names = LIST("EXAMPLE.com", "other.test") }));
    CHECK(passes((struct query_log_config){ .names = LIST("www.example.com.") }));
    CHECK(!passes((struct query_log_config){ .names = LIST("ww.example.com", "ample.com") }));
    m.query.asked.has_question = false;
    CHECK(!passes((struct query_log_config){ .names = LIST("example.com") }));
}

TEST(filter_rcodes, "RCODEs, and none for queries without a response")
{
    const struct query_log_config config = { .rcodes = LIST("nxdomain", "none", "RCODE4000") };

    made_begin(&m);
    CHECK(!passes(config));
    m.response.room[3] |= RCODE_NXDOMAIN;
    CHECK(passes(config));
    m.query.response = (struct slice){ 0 };
    CHECK(passes(config));
}

TEST(filter_together, "what must pass several filters must pass each")
{
    made_begin(&m);
    CHECK(!passes(
        (struct query_log_config){ .names = LIST("example.com"), .rcodes = LIST("SERVFAIL") }));
    CHECK(passes(
        (struct query_log_config){ .names = LIST("example.com"), .rcodes = LIST("NOERROR") }));
}

TEST(filter_sample,
     "one pair of client and name in so many is drawn, whatever the type and letter case")
{
    const uint8_t key[FILTER_KEY_SIZE] = { 1, 2, 3 };
    const struct query_log_config config = { .sample = 10 };
    unsigned drawn = 0;
    struct filter f;

    CHECK_EQUAL(filter_init(&f, &config, tell, NULL), OK);
    filter_set_key(&f, key);
    for (unsigned i = 0; i < 4000; i++) {
        struct log_view v;
        uint8_t name[32];
        struct writer w = writer_of(name, sizeof name);
        char text[32];
        bool is_drawn;

        snprintf(text, sizeof text, "n%u.test", i % 2000);
        CHECK_EQUAL(name_from_text(text, &w), OK);
        made_begin(&m);
        if (i >= 2000)
            CHECK_EQUAL(addr_parse("192.0.2.9", 1, &m.query.client), OK);
        made_ask(&m, writer_slice(&w), TYPE_A);
        v = made_view(&m);
        is_drawn = filter_passes(&f, &v);
        drawn += is_drawn;
        name[1] = 'N';
        made_ask(&m, writer_slice(&w), TYPE_AAAA);
        v = made_view(&m);
        CHECK_EQUAL(filter_passes(&f, &v), is_drawn);
    }
    CHECK(drawn > 300 && drawn < 500);
    filter_done(&f);
}

TEST(filter_exchange,
     "exchanges with upstreams pass by name and RCODE, and no filter that is about clients")
{
    static struct querylog_desk desk = { .wants = WANTS_RECORDS | WANTS_MESSAGES };
    const struct {
        struct query_log_config config;
        bool passes;
    } cases[] = {
        { { 0 }, true },
        { { .names = LIST("example.com") }, true },
        { { .names = LIST("other.test") }, false },
        { { .rcodes = LIST("NOERROR") }, true },
        { { .rcodes = LIST("NXDOMAIN") }, false },
        { { .only = ONLY_DENIED }, false },
        { { .only = ONLY_ERRORS }, false },
        { { .clients_from = LIST("0.0.0.0/0") }, false },
        { { .sample = 2 }, false },
    };
    struct log_view v;

    made_begin(&m);
    CHECK_EQUAL(belt_init(&desk.belt, 4096), OK);
    querylog_note_exchange(&desk, &(struct querylog_exchange){ .upstream = &m.listener,
                                                               .transport = "tls",
                                                               .response = m.query.response });
    querylog_turn_ends(&desk, 0);
    v = record_read(belt_next(&desk.belt));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct filter f;

        CHECK_EQUAL(filter_init(&f, &cases[i].config, tell, NULL), OK);
        CHECK_EQUAL(filter_passes(&f, &v), cases[i].passes);
        filter_done(&f);
    }
    belt_done(&desk.belt);
}

TEST(filter_faults, "all that is wrong is told")
{
    const struct query_log_config config = { .clients_from = LIST("192.0.2.1/24", "x"),
                                             .names = LIST("a..b"),
                                             .rcodes = LIST("NOSUCH") };
    struct filter f;

    told[0] = '\0';
    CHECK_EQUAL(filter_init(&f, &config, tell, NULL), ERR_CONFIG);
    CHECK_TEXT(told, "clients_from: 192.0.2.1/24 is no prefix; write 192.0.2.0/24, or one address\n"
                     "clients_from: x is no prefix; write 192.0.2.0/24, or one address\n"
                     "names: a..b is no name\n"
                     "rcodes: NOSUCH is no RCODE; write NXDOMAIN or the like, or none for queries "
                     "without a response\n");
}
