#include "dns/name.h"
#include "unit/policy/desk.h"
#include "unit/test.h"

#define CROWD_MAX 64

static struct query crowd[CROWD_MAX];
static size_t came;
static const struct query *pushed_out;

static void go(void *arg, struct query *q)
{
    pushed_out = q;
    policy_note_left(arg, q);
}

static struct policy_desk *open_room(const char *yaml)
{
    struct policy_desk *desk = desk_open(yaml);

    desk->push_out = go;
    desk->arg = desk;
    came = 0;
    pushed_out = NULL;
    return desk;
}

/* A question that waits if it may, and stays. */
static enum action comes_for(struct policy_desk *desk, const char *host, const char *name,
                             bool is_proven)
{
    struct query *q = &crowd[came++];
    struct writer w = writer_of(q->asked.question.name, DNS_NAME_MAX);
    enum action action;

    CHECK(came <= CROWD_MAX);
    *q = (struct query){ .is_proven = is_proven };
    CHECK_EQUAL(addr_parse(host, 4711, &q->client), OK);
    CHECK_EQUAL(name_from_text(name, &w), OK);
    q->asked.question.name_len = (uint8_t)writer_len(&w);
    action = policy_judge(desk, ON_MISS, q, 0);
    if (action == ACTION_PASS)
        policy_note_waits(desk, q, true, 0);
    return action;
}

static enum action comes(struct policy_desk *desk, const char *host, bool is_proven)
{
    return comes_for(desk, host, "www.example", is_proven);
}

#define ONE_EACH "limit: {subdomain_rate: 0/s, waiting_per_client: 2}\n"
#define THREE    "limit: {subdomain_rate: 0/s, waiting: 3}\n"

TEST(waiting_each, "a client has its number of questions, and one more when one of them has ended")
{
    struct policy_desk *desk = open_room(ONE_EACH);

    CHECK_EQUAL(comes(desk, "10.0.0.1", false), ACTION_PASS);
    CHECK_EQUAL(comes(desk, "10.0.0.1", false), ACTION_PASS);
    CHECK_EQUAL(comes(desk, "10.0.0.1", false), ACTION_TRUNCATE);
    CHECK_TEXT(crowd[2].verdict.rule, "waiting");
    CHECK_EQUAL(crowd[2].verdict.bits, 32);
    CHECK_EQUAL(comes(desk, "10.0.0.2", false), ACTION_PASS);
    policy_note_left(desk, &crowd[0]);
    policy_note_left(desk, &crowd[0]); /* does nothing */
    CHECK_EQUAL(comes(desk, "10.0.0.1", false), ACTION_PASS);
    CHECK_EQUAL(comes(desk, "10.0.0.1", false), ACTION_TRUNCATE);
    CHECK(!pushed_out);
    desk_close();
}

TEST(waiting_each_proven, "what it asks proven is counted apart, and the cache may have an answer")
{
    struct policy_desk *desk = open_room(ONE_EACH);

    CHECK_EQUAL(comes(desk, "10.0.0.1", false), ACTION_PASS);
    CHECK_EQUAL(comes(desk, "10.0.0.1", false), ACTION_PASS);
    CHECK_EQUAL(comes(desk, "10.0.0.1", true), ACTION_PASS);
    CHECK_EQUAL(comes(desk, "10.0.0.1", true), ACTION_PASS);
    CHECK_EQUAL(comes(desk, "10.0.0.1", true), ACTION_CACHE_ONLY);
    CHECK_TEXT(crowd[4].verdict.why,
               "too many questions of this client wait; the cache alone answers");
    desk_close();
}

TEST(waiting_each_v6, "of IPv6 a client is a /64")
{
    struct policy_desk *desk = open_room(ONE_EACH);

    CHECK_EQUAL(comes(desk, "fd00::1", false), ACTION_PASS);
    CHECK_EQUAL(comes(desk, "fd00::2", false), ACTION_PASS);
    CHECK_EQUAL(comes(desk, "fd00::ffff:0:0:3", false), ACTION_TRUNCATE);
    CHECK_EQUAL(crowd[2].verdict.bits, 64);
    CHECK_EQUAL(comes(desk, "fd00:0:0:1::1", false), ACTION_PASS);
    desk_close();
}

TEST(waiting_domain,
     "below one domain so many wait, whoever asks and whatever the letters; others go on")
{
    struct policy_desk *desk = open_room("limit: {subdomain_rate: 0/s, waiting_per_domain: 2}\n");

    CHECK_EQUAL(comes_for(desk, "10.0.0.1", "a.victim.co.uk", false), ACTION_PASS);
    CHECK_EQUAL(comes_for(desk, "10.0.0.2", "b.c.VICTIM.co.uk", false), ACTION_PASS);
    CHECK_EQUAL(comes_for(desk, "10.0.0.3", "d.victim.co.uk", false), ACTION_TRUNCATE);
    CHECK_TEXT(crowd[2].verdict.rule, "waiting");
    CHECK_EQUAL(comes_for(desk, "10.0.0.3", "d.other.co.uk", false), ACTION_PASS);
    CHECK_EQUAL(comes_for(desk, "10.0.0.3", "d.victim.co.uk", true), ACTION_PASS);
    CHECK_EQUAL(comes_for(desk, "10.0.0.3", "e.victim.co.uk", true), ACTION_PASS);
    CHECK_EQUAL(comes_for(desk, "10.0.0.3", "f.victim.co.uk", true), ACTION_CACHE_ONLY);
    CHECK_TEXT(crowd[6].verdict.why,
               "too many questions below this domain wait; the cache alone answers");
    policy_note_left(desk, &crowd[0]);
    CHECK_EQUAL(comes_for(desk, "10.0.0.3", "g.victim.co.uk", false), ACTION_PASS);
    CHECK_EQUAL(comes_for(desk, "10.0.0.3", "com", false), ACTION_PASS);
    CHECK_EQUAL(comes_for(desk, "10.0.0.3", ".", false), ACTION_PASS);
    CHECK_EQUAL(comes_for(desk, "10.0.0.3", "org", false), ACTION_TRUNCATE);
    desk_close();
}

TEST(waiting_all,
     "when all places are taken the oldest unproven question makes room, then the next")
{
    struct policy_desk *desk = open_room(THREE);

    CHECK_EQUAL(comes(desk, "10.0.0.1", true), ACTION_PASS);
    CHECK_EQUAL(comes(desk, "10.0.0.2", false), ACTION_PASS);
    CHECK_EQUAL(comes(desk, "10.0.0.3", false), ACTION_PASS);
    CHECK_EQUAL(comes(desk, "10.0.0.4", false), ACTION_PASS);
    CHECK(pushed_out == &crowd[1]);
    CHECK_EQUAL(crowd[1].verdict.action, ACTION_TRUNCATE);
    CHECK_TEXT(crowd[1].verdict.rule, "waiting");
    CHECK(!crowd[3].verdict.rule);
    CHECK_EQUAL(comes(desk, "10.0.0.5", true), ACTION_PASS);
    CHECK(pushed_out == &crowd[2]);
    CHECK_EQUAL(comes(desk, "10.0.0.6", true), ACTION_PASS);
    CHECK(pushed_out == &crowd[3]);
    CHECK_EQUAL(comes(desk, "10.0.0.7", true), ACTION_CACHE_ONLY);
    CHECK_TEXT(crowd[6].verdict.why, "too many questions wait; the cache alone answers");
    CHECK_EQUAL(comes(desk, "10.0.0.8", false), ACTION_TRUNCATE);
    CHECK_EQUAL(policy_state_waiting(desk->state), 3);
    CHECK_EQUAL(desk->counts.rules[RULE_waiting].enforced, 5);
    CHECK_EQUAL(desk->counts.v4[32].enforced, 0); /* it is about no client */
    desk_close();
}

TEST(waiting_shadow, "in shadow mode nobody goes, and who would have is marked")
{
    struct policy_desk *desk =
        open_room("limit: {subdomain_rate: 0/s, waiting: 1, shadow: [waiting]}\n");

    CHECK_EQUAL(comes(desk, "10.0.0.1", false), ACTION_PASS);
    CHECK_EQUAL(comes(desk, "10.0.0.2", false), ACTION_PASS);
    CHECK(!pushed_out);
    CHECK_TEXT(crowd[0].verdict.shadow, "waiting");
    CHECK(!crowd[1].verdict.shadow);
    CHECK_EQUAL(policy_state_waiting(desk->state), 2);
    CHECK_EQUAL(desk->counts.rules[RULE_waiting].shadowed, 1);
    CHECK_EQUAL(desk->counts.rules[RULE_waiting].enforced, 0);
    desk_close();
}

TEST(waiting_off, "what began to wait under the rule ends to, though the rule is off by then")
{
    struct policy_desk *desk = open_room(THREE);

    CHECK_EQUAL(comes(desk, "10.0.0.1", false), ACTION_PASS);
    desk_reload("limit: {mode: off}\n");
    CHECK_EQUAL(comes(desk, "10.0.0.2", false), ACTION_PASS);
    CHECK_EQUAL(policy_state_waiting(desk->state), 1);
    policy_note_left(desk, &crowd[0]);
    policy_note_left(desk, &crowd[1]);
    CHECK_EQUAL(policy_state_waiting(desk->state), 0);
    desk_close();
}

TEST(waiting_explains, "it tells how many wait, and what one more would get")
{
    struct policy_desk *desk = open_room("limit: {subdomain_rate: 0/s, waiting_per_client: 1}\n");
    char text[1024];

    CHECK_EQUAL(desk_explains(RULE_waiting, "10.0.0.1", "a.example", 0, text).action, ACTION_PASS);
    CHECK_TEXT(text, "all: 0 of 50000 questions wait\n"
                     "10.0.0.1/32: 0 of 1 unproven wait\n10.0.0.1/32: 0 of 1 proven wait\n"
                     "a.example.: 0 of 1000 unproven wait\na.example.: 0 of 1000 proven wait\n");
    CHECK_EQUAL(comes_for(desk, "10.0.0.1", "b.a.example", false), ACTION_PASS);
    CHECK_EQUAL(desk_explains(RULE_waiting, "10.0.0.1", "a.example", 0, text).action,
                ACTION_TRUNCATE);
    CHECK_TEXT(text, "all: 1 of 50000 questions wait\n"
                     "10.0.0.1/32: 1 of 1 unproven wait\n10.0.0.1/32: 0 of 1 proven wait\n"
                     "a.example.: 1 of 1000 unproven wait\na.example.: 0 of 1000 proven wait\n");
    CHECK_EQUAL(policy_state_waiting(desk->state), 1);
    desk_close();
}
