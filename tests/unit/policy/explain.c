#include "base/clock.h"
#include "dns/types.h"
#include "unit/policy/desk.h"
#include "unit/test.h"

#include <stdio.h>

#define TIGHT      "rate: 50/s, burst: 20, subdomain_rate: 10/s, subdomain_burst: 5"
#define ROOM(more) "limit: {waiting_per_client: 9, waiting_per_domain: 7, " more "}\n"

#define COUNT(list) (sizeof(list) / sizeof *(list))

#define FEW                                                                                        \
    "limit: {rate: 10/s, burst: 5, prefix4: [32, 24], multiple4: [1, 2], verified: 3,"             \
    "subdomain_rate: 10/s, subdomain_burst: 2}\n"

static char text[1024];

TEST(explain_access, "the prefix that decides is told, and where it was written")
{
    struct policy_opinion o;

    desk_open("limit: {allow: [192.0.2.0/24], deny: [192.0.2.0/28]}\n");
    o = desk_explains(RULE_access, "192.0.2.200", "x.example", 0, text);
    CHECK(o.action == ACTION_PASS && o.moment == ON_QUERY);
    CHECK_TEXT(text, "prefix: 192.0.2.0/24 in limit.allow\n");
    o = desk_explains(RULE_access, "192.0.2.7", "x.example", 0, text);
    CHECK_EQUAL(o.action, ACTION_REFUSE);
    CHECK_TEXT(text, "prefix: 192.0.2.0/28 in limit.deny\n");
    o = desk_explains(RULE_access, "127.0.0.1", "x.example", 0, text);
    CHECK_EQUAL(o.action, ACTION_REFUSE);
    CHECK(strstr(text, "no prefix"));
    desk_reload("limit: {mode: shadow}\n");
    o = desk_explains(RULE_access, "10.1.2.3", "x.example", 0, text);
    CHECK(o.action == ACTION_PASS && o.mode == MODE_SHADOW);
    CHECK(strstr(text, "10.0.0.0/8 in the private ranges"));
    desk_close();
}

TEST(explain_rate,
     "the tokens of each prefix are told, of the proven and the unproven, and none is taken")
{
    struct policy_opinion o;

    desk_open(FEW);
    CHECK_EQUAL(desk_lets_in(2, "10.0.0.1", false, 0), 2);
    for (unsigned i = 0; i < 20; i++)
        o = desk_explains(RULE_rate, "10.0.0.1", "x.example", 0, text);
    CHECK_EQUAL(o.action, ACTION_PASS);
    CHECK_TEXT(text, "10.0.0.1/32 unproven: 3/5\n10.0.0.1/32 proven: 15/15\n"
                     "10.0.0.0/24 unproven: 8/10\n10.0.0.0/24 proven: 30/30\n");
    CHECK_EQUAL(desk_lets_in(9, "10.0.0.1", false, 0), 3);
    o = desk_explains(RULE_rate, "10.0.0.1", "x.example", 0, text);
    CHECK_EQUAL(o.action, ACTION_TRUNCATE);
    CHECK(strstr(text, "10.0.0.1/32 unproven: 0/5\n"));
    CHECK_EQUAL(desk_lets_in(9, "10.0.0.2", false, 0), 5);
    o = desk_explains(RULE_rate, "10.0.0.3", "x.example", 0, text);
    CHECK_EQUAL(o.action, ACTION_TRUNCATE); /* because of the others in its network */
    CHECK(strstr(text, "10.0.0.3/32 unproven: 5/5\n") &&
          strstr(text, "10.0.0.0/24 unproven: 0/10\n"));
    desk_close();
}

TEST(explain_subdomains, "the registrable domain and what is left for it is told")
{
    struct policy_opinion o;

    desk_open(FEW);
    CHECK_EQUAL(desk_floods(1, "10.0.0.1", "victim.co.uk", 0), 1);
    o = desk_explains(RULE_subdomains, "10.0.0.1", "a.b.Victim.co.uk", 0, text);
    CHECK(o.action == ACTION_PASS && o.moment == ON_MISS);
    CHECK_TEXT(text, "domain: Victim.co.uk.\n10.0.0.1/32 unproven: 1/2\n10.0.0.1/32 proven: 6/6\n");
    CHECK_EQUAL(desk_floods(9, "10.0.0.1", "victim.co.uk", 0), 1);
    o = desk_explains(RULE_subdomains, "10.0.0.1", "c.victim.co.uk", 0, text);
    CHECK_EQUAL(o.action, ACTION_CACHE_ONLY);
    o = desk_explains(RULE_subdomains, "10.0.0.1", "other.co.uk", 0, text);
    CHECK_EQUAL(o.action, ACTION_PASS);
    desk_close();
}

TEST(explain_off, "a rule that has no limit says so")
{
    desk_open("limit: {rate: 0/s, subdomain_rate: 0/s}\n");
    CHECK_EQUAL(desk_explains(RULE_rate, "10.0.0.1", "x.example", 0, text).action, ACTION_PASS);
    CHECK(strstr(text, "there is none"));
    CHECK_EQUAL(desk_explains(RULE_subdomains, "10.0.0.1", "x.example", 0, text).action,
                ACTION_PASS);
    CHECK(strstr(text, "there is none"));
    desk_close();
}

/* Queries of all kinds from a few clients, who are often over a limit. */
static void ask_at_random(unsigned seed, unsigned seen[ACTION_DROP + 1])
{
    static const char *const hosts[] = { "10.0.0.1", "10.0.0.2", "10.0.1.1", "192.0.2.1",
                                         "fd00::1",  "fd00::2",  "fd00:1::", "::ffff:10.0.0.1" };
    static const char *const below[] = { "one.example",         "Two.co.uk", "com",
                                         "localhost",           "test",      "home.arpa",
                                         "1.1.10.in-addr.arpa", "corp.local" };
    static const uint16_t types[] = { TYPE_A, TYPE_AAAA, TYPE_SOA, TYPE_DS, TYPE_ANY, TYPE_PTR };
    char name[64];

    for (uint64_t ms = 0; ms < 4000; ms++) {
        struct desk_question asked = { .name = name };

        seed = seed * 1103515245 + 12345;
        snprintf(name, sizeof name, "%s%.0u%s%s", seed >> 8 & 1 ? "x" : "", seed >> 8 & 1,
                 seed >> 8 & 1 ? "." : "", below[seed >> 9 & 7]);
        asked.qtype = types[(seed >> 12 & 15) % COUNT(types)];
        asked.qclass = (seed >> 16 & 15) == 7 ? CLASS_CH : CLASS_IN;
        asked.dnssec_ok = seed >> 20 & 1;
        seen[desk_keeps_its_word(hosts[seed >> 21 & 7], seed >> 24 & 1, asked, ms)]++;
    }
}

TEST(explain_comes_true, "what is told is what becomes of a query, whatever the mode of the rules")
{
    static const char *const configs[] = {
        ROOM(TIGHT),
        ROOM(TIGHT ", over: drop"),
        ROOM(TIGHT ", cookies: require, over: refuse"),
        ROOM(TIGHT ", mode: shadow"),
        ROOM(TIGHT ", mode: 'off'"),
        ROOM(TIGHT ", shadow: [rate, local_names]"),
        ROOM(TIGHT ", shadow: [access, subdomains, any], denied: drop"),
        ROOM("rate: 0/s, subdomain_rate: 0/s, pass: [test]"),
        ROOM(TIGHT ", any: forward, shadow: [waiting, proof]"),
    };
    unsigned seen[ACTION_DROP + 1] = { 0 };

    for (unsigned i = 0; i < COUNT(configs); i++) {
        desk_open(configs[i]);
        desk_route("corp.local");
        ask_at_random(i, seen);
        desk_close();
    }
    for (unsigned action = 0; action <= ACTION_DROP; action++)
        CHECK(seen[action] > 0 || action == ACTION_BADCOOKIE); /* nobody brings one */
}
