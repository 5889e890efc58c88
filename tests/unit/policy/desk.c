/* tests/unit/policy/desk.c - the doorman alone, and somebody who asks. */
#include "unit/policy/desk.h"

#include "base/clock.h"
#include "command/sections.h"
#include "config/config.h"
#include "dns/name.h"
#include "unit/dns/wire.h"
#include "unit/test.h"

#include <stdio.h>

#define WAITING 64 /* at once; then the oldest has its answer */

static struct query waiting[WAITING];
static struct policy_desk desk;
static struct policy *policy;
static struct query query;
static struct slice cookie;
static uint16_t rcode;

static struct policy *policy_of(const char *yaml)
{
    const struct config_source source = { .file = "desk.yaml",
                                          .bytes = slice_of(yaml, strlen(yaml)) };
    static struct problems problems;
    char reason[POLICY_REASON_MAX];
    struct policy *made = NULL;
    struct config *config;

    problems.count = 0;
    if (config_load(&source, config_sections, config_section_count, &config, &problems) != OK)
        fail_msg("%s", problems.list[0].text);
    if (policy_new(&made, config, reason) != OK)
        fail_msg("%s", reason);
    config_unref(&config);
    return made;
}

struct policy_desk *desk_open(const char *yaml)
{
    struct policy_state *state;

    CHECK_EQUAL(policy_state_new(&state), OK);
    policy_desk_init(&desk, state);
    cookie = (struct slice){ 0 };
    policy = policy_of(yaml);
    desk.policy = policy;
    return &desk;
}

void desk_reload(const char *yaml)
{
    policy_free(&policy);
    policy = policy_of(yaml);
    desk.policy = policy;
}

void desk_close(void)
{
    for (unsigned i = 0; i < WAITING; i++)
        policy_note_left(&desk, &waiting[i]);
    policy_free(&policy);
    policy_state_free(&desk.state);
}

enum action desk_asks(const char *host, bool is_proven, uint64_t now_ms)
{
    query = (struct query){ .is_proven = is_proven };
    query.asked.edns = (struct edns){ .present = true, .cookie = cookie };
    query.asked.rcode = rcode;
    rcode = 0;
    CHECK_EQUAL(addr_parse(host, 4711, &query.client), OK);
    return policy_judge(&desk, ON_QUERY, &query, now_ms * NS_PER_MS);
}

static void set_name(struct query *q, const char *name)
{
    struct writer w = writer_of(q->asked.question.name, DNS_NAME_MAX);

    CHECK_EQUAL(name_from_text(name, &w), OK);
    q->asked.question.name_len = (uint8_t)writer_len(&w);
}

enum action desk_joins(const char *host, const char *name, bool is_proven, uint64_t now_ms)
{
    query = (struct query){ .is_proven = is_proven };
    CHECK_EQUAL(addr_parse(host, 4711, &query.client), OK);
    set_name(&query, name);
    return policy_judge(&desk, ON_MISS, &query, now_ms * NS_PER_MS);
}

enum action desk_misses(const char *host, const char *name, bool is_proven, uint64_t now_ms)
{
    enum action action = desk_joins(host, name, is_proven, now_ms);

    if (action == ACTION_PASS)
        policy_note_waits(&desk, &query, true, now_ms * NS_PER_MS);
    policy_note_left(&desk, &query);
    return action;
}

static void note_line(void *arg, const char *what, const char *found)
{
    size_t len = strlen(arg);

    snprintf((char *)arg + len, 1024 - len, "%s: %s\n", what, found);
}

static void note_tokens(void *arg, const char *whose, uint64_t left, uint64_t all)
{
    char text[64];

    snprintf(text, sizeof text, "%u/%u", (unsigned)left, (unsigned)all);
    note_line(arg, whose, text);
}

struct policy_opinion desk_explains(enum rule_id rule, const char *host, const char *name,
                                    uint64_t now_ms, char text[1024])
{
    const struct explanation e = { note_line, note_tokens, text };

    text[0] = 0;
    query = (struct query){ 0 };
    CHECK_EQUAL(addr_parse(host, 4711, &query.client), OK);
    set_name(&query, name);
    return policy_explain(&desk, rule, &query, now_ms * NS_PER_MS, &e);
}

static void hush(void *arg, const char *what, const char *found)
{
    (void)arg;
    (void)what;
    (void)found;
}

static void hush_tokens(void *arg, const char *whose, uint64_t left, uint64_t all)
{
    (void)arg;
    (void)whose;
    (void)left;
    (void)all;
}

/* What all rules together say that they will do. */
static struct verdict foretell(enum moment moment, struct query *q, uint64_t now_ns)
{
    const struct explanation silent = { hush, hush_tokens, NULL };
    struct verdict v = { 0 };

    for (enum rule_id rule = 0; rule < RULE_COUNT && !v.rule; rule++) {
        struct policy_opinion o = policy_explain(&desk, rule, q, now_ns, &silent);

        if (o.moment != moment || o.action == ACTION_PASS || o.mode == MODE_OFF)
            continue;
        if (o.mode == MODE_SHADOW) {
            v.shadow = v.shadow ? v.shadow : rule_name(rule);
            continue;
        }
        v.action = o.action;
        v.rule = rule_name(rule);
    }
    return v;
}

static const char *name_or_none(const char *rule)
{
    return rule ? rule : "none";
}

static enum action check_word(enum moment moment, struct query *q, uint64_t now_ns)
{
    const struct verdict said = foretell(moment, q, now_ns);

    q->verdict = (struct verdict){ 0 };
    CHECK_EQUAL(policy_judge(&desk, moment, q, now_ns), said.action);
    CHECK_TEXT(name_or_none(q->verdict.rule), name_or_none(said.rule));
    CHECK_TEXT(name_or_none(q->verdict.shadow), name_or_none(said.shadow));
    return said.action;
}

enum action desk_keeps_its_word(const char *host, bool is_proven, struct desk_question asked,
                                uint64_t now_ms)
{
    static unsigned serial;
    struct query *q = &waiting[serial++ % WAITING];
    enum action action;

    policy_note_left(&desk, q);
    *q = (struct query){ .is_proven = is_proven };
    q->asked.question.qtype = asked.qtype;
    q->asked.question.qclass = asked.qclass ? asked.qclass : CLASS_IN;
    q->asked.edns.dnssec_ok = asked.dnssec_ok;
    set_name(q, asked.name);
    CHECK_EQUAL(addr_parse(host, 4711, &q->client), OK);
    action = check_word(ON_QUERY, q, now_ms * NS_PER_MS);
    if (action == ACTION_PASS)
        action = check_word(ON_MISS, q, now_ms * NS_PER_MS);
    if (action == ACTION_PASS)
        policy_note_waits(&desk, q, true, now_ms * NS_PER_MS);
    return action;
}

unsigned desk_floods(unsigned count, const char *host, const char *domain, uint64_t now_ms)
{
    static unsigned serial;
    unsigned asked = 0;
    char name[100];

    while (count-- > 0) {
        snprintf(name, sizeof name, "x%u.%s", serial++, domain);
        asked += desk_misses(host, name, false, now_ms) == ACTION_PASS;
    }
    return asked;
}

void desk_brings(struct slice bytes)
{
    cookie = bytes;
}

enum cookie_state desk_cookie_state(void)
{
    return query.cookie.state;
}

struct slice desk_cookie(void)
{
    return slice_of(query.cookie.bytes, query.cookie.state == COOKIE_NONE ? 0 : COOKIE_SIZE);
}

void desk_spoils(uint16_t code)
{
    rcode = code;
}

uint16_t desk_rcode(void)
{
    return query.asked.rcode;
}

static bool is_below_route(void *arg, struct slice name)
{
    return name_is_below(name, *(const struct slice *)arg);
}

void desk_route(const char *suffix)
{
    static struct slice route;

    route = name_of(suffix);
    desk.has_route = is_below_route;
    desk.arg = &route;
}

enum action desk_asks_for(struct desk_question asked)
{
    const struct slice name = name_of(asked.name);
    struct question *q = &query.asked.question;

    query = (struct query){ .is_proven = true };
    query.asked.edns.present = query.asked.edns.dnssec_ok = asked.dnssec_ok;
    query.asked.edns.cookie = cookie;
    query.asked.rcode = rcode;
    rcode = 0;
    q->qtype = asked.qtype;
    q->qclass = asked.qclass ? asked.qclass : CLASS_IN;
    q->name_len = (uint8_t)name.len;
    memcpy(q->name, name.data, name.len);
    CHECK_EQUAL(addr_parse("127.0.0.1", 4711, &query.client), OK);
    return policy_judge(&desk, ON_QUERY, &query, 0);
}

const struct compose_local *desk_own(void)
{
    return &query.own;
}

const struct verdict *desk_verdict(void)
{
    return &query.verdict;
}

void desk_answers(size_t len, uint64_t now_ms)
{
    query.response = (struct slice){ (const uint8_t *)"", len };
    policy_note_response(&desk, &query, now_ms * NS_PER_MS);
}

unsigned desk_lets_in(unsigned count, const char *host, bool is_proven, uint64_t now_ms)
{
    unsigned let_in = 0;

    while (count-- > 0)
        let_in += desk_asks(host, is_proven, now_ms) == ACTION_PASS;
    return let_in;
}
