#include "unit/policy/desk.h"
#include "unit/test.h"

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

TEST(explain_local_names, "a name that never leaves is answered here, unless a route speaks of it")
{
    desk_open("");
    CHECK_EQUAL(desk_explains(RULE_local_names, "10.0.0.1", "a.localhost", 0, text).action,
                ACTION_ANSWER);
    CHECK_TEXT(text, "zone: localhost. (RFC 6761 section 6.3)\n");
    CHECK_EQUAL(desk_explains(RULE_local_names, "10.0.0.1", "localhost.example", 0, text).action,
                ACTION_PASS);
    CHECK_TEXT(text, "");
    desk_route("home.arpa");
    CHECK_EQUAL(desk_explains(RULE_local_names, "10.0.0.1", "tv.home.arpa", 0, text).action,
                ACTION_PASS);
    CHECK(strstr(text, "zone: home.arpa., but a route"));
    desk_close();
}

TEST(explain_proof, "where cookies are required a client without one is sent to TCP")
{
    desk_open("limit: {cookies: require}\n");
    CHECK_EQUAL(desk_explains(RULE_proof, "10.0.0.1", "x.example", 0, text).action,
                ACTION_TRUNCATE);
    CHECK(strstr(text, "required"));
    desk_reload("");
    CHECK_EQUAL(desk_explains(RULE_proof, "10.0.0.1", "x.example", 0, text).action, ACTION_PASS);
    CHECK_EQUAL(desk_explains(RULE_cookie, "10.0.0.1", "x.example", 0, text).action, ACTION_PASS);
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
