#include "upstream/roster.h"
#include "base/clock.h"
#include "command/sections.h"
#include "config/config.h"
#include "unit/dns/wire.h"
#include "unit/upstream/made.h"
#include "upstream/policy.h"

#include <stdio.h>

#define SERVERS                                                                                    \
    "upstream: [{url: udp://192.0.2.1, group: b}, {url: udp://192.0.2.2},"                         \
    " {url: udp://192.0.2.3, group: a}, {url: udp://192.0.2.4, group: b}]\n"
#define GROUPS                                                                                     \
    "group: [{name: a, policy: hash, hedge: off, fallback: b},"                                    \
    " {name: b, policy: random, hedge: 20ms, hedge_budget: 7%}]\n"

TEST(roster_groups, "default is the first group, and servers are members of theirs")
{
    struct roster *r = roster_of(SERVERS GROUPS);

    CHECK_EQUAL(r->group_count, 3);
    CHECK_TEXT(r->groups[0].name, "default");
    CHECK_TEXT(r->groups[1].name, "a");
    CHECK_TEXT(r->groups[2].name, "b");
    CHECK_EQUAL(r->groups[0].members, 0x2);
    CHECK_EQUAL(r->groups[1].members, 0x4);
    CHECK_EQUAL(r->groups[2].members, 0x9);
    CHECK_EQUAL(r->servers[0].group, 2);
    CHECK_EQUAL(r->servers[1].group, 0);
    roster_unref(r);
}

TEST(roster_rules, "each group has its own rules, default those that nobody wrote")
{
    struct roster *r = roster_of(SERVERS GROUPS);

    CHECK_TEXT(r->groups[0].policy->name, "fastest");
    CHECK_TEXT(r->groups[1].policy->name, "hash");
    CHECK_TEXT(r->groups[2].policy->name, "random");
    CHECK_EQUAL(r->groups[0].hedge_ns, 0);
    CHECK(r->groups[1].hedge_ns == UINT64_MAX);
    CHECK_EQUAL(r->groups[2].hedge_ns, 20 * NS_PER_MS);
    CHECK_EQUAL(r->groups[0].hedge_budget, 5);
    CHECK_EQUAL(r->groups[2].hedge_budget, 7);
    CHECK_EQUAL(r->groups[0].fallback, -1);
    CHECK_EQUAL(r->groups[1].fallback, 2);
    roster_unref(r);
}

TEST(roster_routes, "a name goes to the group of its longest suffix, others to default")
{
    struct roster *r = roster_of(SERVERS GROUPS "route: [{suffix: [corp.test], group: a},"
                                                " {suffix: [b.Corp.test, arpa], group: b},"
                                                " {suffix: [public.corp.test], group: default}]\n");

    CHECK_EQUAL(roster_group_for(r, NAME("www.corp.test")), 1);
    CHECK_EQUAL(roster_group_for(r, NAME("www.B.corp.test")), 2);
    CHECK_EQUAL(roster_group_for(r, NAME("arpa")), 2);
    CHECK_EQUAL(roster_group_for(r, NAME("www.public.corp.test")), 0);
    CHECK_EQUAL(roster_group_for(r, NAME("test")), 0);
    roster_unref(r);
}

TEST(roster_without_routes, "without routes all names go to default")
{
    struct roster *r = roster_of(SERVERS GROUPS);

    CHECK(!r->routes);
    CHECK_EQUAL(roster_group_for(r, NAME("www.test")), 0);
    roster_unref(r);
}

TEST(roster_root_route, "a route of the root takes what no longer one takes")
{
    struct roster *r = roster_of(
        SERVERS GROUPS "route: [{suffix: [.], group: a}, {suffix: [x], group: default}]\n");

    CHECK_EQUAL(roster_group_for(r, NAME("www.test")), 1);
    CHECK_EQUAL(roster_group_for(r, NAME("x")), 0);
    roster_unref(r);
}

TEST(roster_has_route, "a route speaks of its names, and one of the root of none in particular")
{
    struct roster *r =
        roster_of(SERVERS GROUPS
                  "route: [{suffix: [., home.arpa], group: a}, {suffix: [x], group: default}]\n");

    CHECK(roster_has_route(r, NAME("printer.home.arpa")));
    CHECK(roster_has_route(r, NAME("x")));
    CHECK(!roster_has_route(r, NAME("arpa")));
    CHECK(!roster_has_route(r, NAME(".")));
    roster_unref(r);
    r = roster_of(SERVERS GROUPS);
    CHECK(!roster_has_route(r, NAME("x")));
    roster_unref(r);
}

TEST(roster_replaced_servers, "routes lead to default when the command line names all servers")
{
    static const char yaml[] = SERVERS GROUPS "route: [{suffix: [x], group: a}]\n";
    const struct config_flag flag = { "upstream", "udp://192.0.2.9" };
    const struct config_source source = {
        .file = "f", .bytes = slice_of(yaml, strlen(yaml)), .flags = &flag, .flag_count = 1
    };
    char reason[ROSTER_REASON_MAX];
    struct problems problems;
    struct config *config;
    struct roster *r;

    CHECK_EQUAL(config_load(&source, config_sections, config_section_count, &config, &problems),
                OK);
    CHECK_EQUAL(roster_new(&r, config, 1, reason), OK);
    CHECK_EQUAL(roster_group_for(r, NAME("x")), 0);
    CHECK_EQUAL(r->groups[0].members, 1);
    CHECK_EQUAL(r->groups[1].fallback, -1);
    roster_unref(r);
    config_unref(&config);
}

TEST(roster_file_changed, "a file that has become wrong since the check is told of")
{
    char yaml[600], reason[ROSTER_REASON_MAX], expected[300];
    const char *path = file_with("a.test\n");
    struct problems problems;
    struct config_source source = { .file = "f" };
    struct config *config;
    struct roster *r;

    snprintf(yaml, sizeof yaml, "%s%s%s, group: a}]\n", SERVERS GROUPS,
             "route: [{suffix_file: ", path);
    source.bytes = slice_of(yaml, strlen(yaml));
    CHECK_EQUAL(config_load(&source, config_sections, config_section_count, &config, &problems),
                OK);
    file_with("a.test\n-..-\n");
    CHECK_EQUAL(roster_new(&r, config, 1, reason), ERR_CONFIG);
    snprintf(expected, sizeof expected, "route: suffix_file: %s:2: -..- is no domain name", path);
    CHECK_TEXT(reason, expected);
    config_unref(&config);
}

static uint64_t routing_of(const char *yaml)
{
    struct roster *r = roster_of(yaml);
    uint64_t routing = r->routing;

    roster_unref(r);
    return routing;
}

TEST(roster_routing, "routings are the same when each name is asked of the same servers")
{
    const uint64_t before =
        routing_of(SERVERS GROUPS "route: [{suffix: [x, y], group: a}, {suffix: [z], group: b}]\n");

    /* another order, another letter case, other rules */
    CHECK(routing_of(SERVERS GROUPS
                     "route: [{suffix: [Z], group: b}, {suffix: [y, x], group: a}]\n") == before);
    CHECK(routing_of(SERVERS
                     "group: [{name: b}, {name: a, timeout: 1s, fallback: b}]\n"
                     "route: [{suffix: [x, y], group: a}, {suffix: [z], group: b}]\n") == before);
    /* a name less, another group, no fallback, another server */
    CHECK(routing_of(SERVERS GROUPS
                     "route: [{suffix: [x], group: a}, {suffix: [z], group: b}]\n") != before);
    CHECK(routing_of(SERVERS GROUPS
                     "route: [{suffix: [x], group: a}, {suffix: [y, z], group: b}]\n") != before);
    CHECK(routing_of(SERVERS
                     "group: [{name: a}, {name: b}]\n"
                     "route: [{suffix: [x, y], group: a}, {suffix: [z], group: b}]\n") != before);
    CHECK(routing_of("upstream: [{url: udp://192.0.2.1}]\n") !=
          routing_of("upstream: [{url: udp://192.0.2.2}]\n"));
}
