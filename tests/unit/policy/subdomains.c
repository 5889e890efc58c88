#include "unit/policy/desk.h"
#include "unit/test.h"

#include <stdio.h>

#define FEW "limit: {rate: 0/s, subdomain_rate: 10/s, subdomain_burst: 5, verified: 3}\n"

TEST(subdomains_flood, "names without end below one domain are asked for at a rate, no more")
{
    desk_open(FEW);
    CHECK_EQUAL(desk_floods(100, "10.0.0.1", "victim.example", 0), 5);
    CHECK_EQUAL(desk_misses("10.0.0.1", "y.victim.example", false, 0), ACTION_CACHE_ONLY);
    CHECK_TEXT(desk_verdict()->rule, "subdomains");
    CHECK_EQUAL(desk_verdict()->bits, 32);
    CHECK_EQUAL(desk_floods(100, "10.0.0.1", "victim.example", 99), 0);
    CHECK_EQUAL(desk_floods(100, "10.0.0.1", "victim.example", 101), 1);
    CHECK_EQUAL(desk_floods(100, "10.0.0.1", "victim.example", 10000), 5);
    desk_close();
}

TEST(subdomains_others, "other clients and other domains notice nothing")
{
    desk_open(FEW);
    CHECK_EQUAL(desk_floods(100, "10.0.0.1", "victim.example", 0), 5);
    CHECK_EQUAL(desk_floods(5, "10.0.0.2", "victim.example", 0), 5);
    CHECK_EQUAL(desk_floods(5, "10.0.0.1", "other.example", 0), 5);
    CHECK_EQUAL(desk_asks("10.0.0.1", false, 0), ACTION_PASS);
    desk_close();
}

TEST(subdomains_owner, "all that one owner has registered is one domain, in whatever letter case")
{
    desk_open(FEW);
    CHECK_EQUAL(desk_floods(9, "10.0.0.1", "a.b.victim.co.uk", 0), 5);
    CHECK_EQUAL(desk_floods(9, "10.0.0.1", "c.VICTIM.co.uk", 0), 0);
    CHECK_EQUAL(desk_floods(5, "10.0.0.1", "other.co.uk", 0), 5);
    desk_close();
}

TEST(subdomains_root, "names of one label are all below the root")
{
    desk_open(FEW);
    for (unsigned i = 0; i < 5; i++)
        CHECK_EQUAL(
            desk_misses("10.0.0.1", (const char *[]){ "a", "b", "c", "d", "." }[i], false, 0),
            ACTION_PASS);
    CHECK_EQUAL(desk_misses("10.0.0.1", "e", false, 0), ACTION_CACHE_ONLY);
    desk_close();
}

TEST(subdomains_paid, "only what an upstream is asked for counts")
{
    desk_open(FEW);
    for (unsigned i = 0; i < 100; i++)
        CHECK_EQUAL(desk_joins("10.0.0.1", "www.victim.example", false, 0), ACTION_PASS);
    CHECK_EQUAL(desk_floods(100, "10.0.0.1", "victim.example", 0), 5);
    CHECK_EQUAL(desk_joins("10.0.0.1", "www.victim.example", false, 0), ACTION_CACHE_ONLY);
    desk_close();
}

TEST(subdomains_proven, "a flood under a client's name takes nothing from the client who proves it")
{
    unsigned asked = 0;

    desk_open(FEW);
    CHECK_EQUAL(desk_floods(100, "10.0.0.1", "victim.example", 0), 5);
    while (desk_misses("10.0.0.1", "www.victim.example", true, 0) == ACTION_PASS)
        asked++;
    CHECK_EQUAL(asked, 15);
    desk_close();
}

TEST(subdomains_prefix, "a client is the first prefix of its family")
{
    desk_open("limit: {subdomain_rate: 10/s, subdomain_burst: 5, prefix4: [24], multiple4: [1],"
              "prefix6: [64, 48], multiple6: [1, 2]}\n");
    CHECK_EQUAL(desk_floods(9, "10.0.0.1", "victim.example", 0), 5);
    CHECK_EQUAL(desk_floods(9, "10.0.0.2", "victim.example", 0), 0);
    CHECK_EQUAL(desk_floods(9, "fd00::1", "victim.example", 0), 5);
    CHECK_EQUAL(desk_floods(9, "fd00::2", "victim.example", 0), 0);
    CHECK_EQUAL(desk_verdict()->bits, 64);
    CHECK_EQUAL(desk_floods(5, "fd00:0:0:1::", "victim.example", 0), 5);
    desk_reload("limit: {subdomain_rate: 10/s, subdomain_burst: 5, prefix4: [], multiple4: []}\n");
    CHECK_EQUAL(desk_floods(9, "10.0.0.3", "victim.example", 0), 5);
    CHECK_EQUAL(desk_verdict()->bits, 32);
    desk_close();
}

TEST(subdomains_shadow, "in shadow mode it is counted, and asked all the same")
{
    struct policy_desk *desk =
        desk_open("limit: {subdomain_rate: 10/s, subdomain_burst: 5, shadow: [subdomains]}\n");

    CHECK_EQUAL(desk_floods(9, "10.0.0.1", "victim.example", 0), 9);
    CHECK_TEXT(desk_verdict()->shadow, "subdomains");
    CHECK_EQUAL(desk->counts.rules[RULE_subdomains].shadowed, 4);
    CHECK_EQUAL(desk->counts.rules[RULE_subdomains].enforced, 0);
    desk_close();
}

TEST(subdomains_off, "a rate of 0 is no limit")
{
    desk_open("limit: {subdomain_rate: 0/s}\n");
    CHECK_EQUAL(desk_floods(2000, "10.0.0.1", "victim.example", 0), 2000);
    desk_close();
}

TEST(subdomains_v6, "who has a /64 of IPv6 is one client, whatever addresses it asks from")
{
    char host[32];
    unsigned asked = 0;

    desk_open("limit: {rate: 0/s, subdomain_rate: 10/s, subdomain_burst: 5}\n");
    for (unsigned i = 1; i <= 50; i++) {
        snprintf(host, sizeof host, "fd00::%x:%x", i, i);
        asked += desk_floods(1, host, "victim.example", 0);
    }
    CHECK_EQUAL(asked, 5);
    CHECK_EQUAL(desk_verdict()->bits, 64);
    CHECK_EQUAL(desk_floods(9, "fd00:0:0:1::1", "victim.example", 0), 5);
    desk_close();
    desk_open("limit: {rate: 0/s, subdomain_rate: 10/s, subdomain_burst: 5, prefix6: [56],"
              "multiple6: [1]}\n");
    CHECK_EQUAL(desk_floods(9, "fd00::1", "victim.example", 0), 5);
    CHECK_EQUAL(desk_floods(9, "fd00:0:0:1::1", "victim.example", 0), 0);
    desk_close();
}
