/* tests/unit/policy/desk.c - the doorman alone, and somebody who asks. */
#include "unit/policy/desk.h"

#include "base/clock.h"
#include "command/sections.h"
#include "config/config.h"
#include "dns/name.h"
#include "unit/dns/wire.h"
#include "unit/test.h"

#include <stdio.h>

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

static void set_name(const char *name)
{
    struct writer w = writer_of(query.asked.question.name, DNS_NAME_MAX);

    CHECK_EQUAL(name_from_text(name, &w), OK);
    query.asked.question.name_len = (uint8_t)writer_len(&w);
}

enum action desk_joins(const char *host, const char *name, bool is_proven, uint64_t now_ms)
{
    query = (struct query){ .is_proven = is_proven };
    CHECK_EQUAL(addr_parse(host, 4711, &query.client), OK);
    set_name(name);
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
    set_name(name);
    return policy_explain(policy, &desk, rule, &query, now_ms * NS_PER_MS, &e);
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
    return name_is_below(name, name_of(arg));
}

void desk_route(const char *suffix)
{
    static char route[64];

    snprintf(route, sizeof route, "%s", suffix);
    desk.has_route = is_below_route;
    desk.arg = route;
}

enum action desk_asks_for(struct desk_question asked)
{
    const struct slice name = name_of(asked.name);
    struct question *q = &query.asked.question;

    query = (struct query){ .is_proven = true };
    query.asked.edns.present = query.asked.edns.dnssec_ok = asked.dnssec_ok;
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
