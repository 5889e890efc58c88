#include "unit/policy/desk.h"
#include "unit/test.h"

#define LIMITED "limit: {rate: 10/s, burst: 5, prefix4: [32, 24], multiple4: [1, 2], verified: 3}\n"

TEST(rules_access, "who may not ask is refused, or not answered, as the configuration says")
{
    desk_open("limit: {deny: [127.0.0.9]}\n");
    CHECK_EQUAL(desk_asks("127.0.0.1", false, 0), ACTION_PASS);
    CHECK(!desk_verdict()->rule && !desk_verdict()->shadow);
    CHECK_EQUAL(desk_asks("127.0.0.9", false, 0), ACTION_REFUSE);
    CHECK_TEXT(desk_verdict()->rule, "access");
    CHECK_EQUAL(desk_asks("8.8.8.8", true, 0), ACTION_REFUSE);
    desk_reload("limit: {denied: drop}\n");
    CHECK_EQUAL(desk_asks("8.8.8.8", false, 0), ACTION_DROP);
    desk_close();
}

TEST(rules_refusals, "who may not ask is refused at a rate, for it may be a victim")
{
    unsigned refused = 0;

    desk_open("");
    for (unsigned i = 0; i < 3000; i++)
        refused += desk_asks(i % 2 ? "192.0.2.1" : "192.0.2.2", false, 0) == ACTION_REFUSE;
    CHECK_EQUAL(refused, 500);
    CHECK_EQUAL(desk_asks("192.0.2.3", false, 0), ACTION_DROP);
    CHECK_TEXT(desk_verdict()->rule, "access");
    CHECK_EQUAL(desk_asks("192.0.2.3", true, 0), ACTION_REFUSE);
    CHECK_EQUAL(desk_asks("192.0.3.1", false, 0), ACTION_REFUSE);
    CHECK_EQUAL(desk_asks("192.0.2.1", false, 11), ACTION_REFUSE);
    desk_close();
}

TEST(rules_rate, "a client has its burst and its rate, and its network a multiple of them")
{
    desk_open(LIMITED);
    CHECK_EQUAL(desk_lets_in(20, "10.0.0.1", false, 0), 5);
    CHECK_EQUAL(desk_asks("10.0.0.1", false, 0), ACTION_TRUNCATE);
    CHECK_TEXT(desk_verdict()->rule, "rate");
    CHECK_EQUAL(desk_verdict()->bits, 32);
    CHECK_EQUAL(desk_lets_in(20, "10.0.0.2", false, 0), 5);
    CHECK_EQUAL(desk_lets_in(20, "10.0.0.3", false, 0), 0);
    CHECK_EQUAL(desk_verdict()->bits, 24);
    CHECK_EQUAL(desk_lets_in(20, "10.0.1.1", false, 0), 5);
    CHECK_EQUAL(desk_lets_in(20, "10.0.0.1", false, 1001), 5);
    desk_close();
}

TEST(rules_proven, "a flood under a client's name takes nothing from the client who proves it")
{
    desk_open(LIMITED);
    CHECK_EQUAL(desk_lets_in(100, "10.0.0.1", false, 0), 5);
    CHECK_EQUAL(desk_lets_in(100, "10.0.0.1", true, 0), 15);
    desk_close();
}

TEST(rules_bytes, "long responses to somebody unproven cost more")
{
    desk_open(LIMITED);
    CHECK_EQUAL(desk_asks("10.0.0.1", false, 0), ACTION_PASS);
    desk_answers(511, 0);
    CHECK_EQUAL(desk_asks("10.0.0.1", false, 0), ACTION_PASS);
    desk_answers(1232, 0);
    CHECK_EQUAL(desk_lets_in(9, "10.0.0.1", false, 0), 1);
    CHECK_EQUAL(desk_asks("10.0.0.9", true, 0), ACTION_PASS);
    desk_answers(65535, 0);
    CHECK_EQUAL(desk_lets_in(100, "10.0.0.9", true, 0), 14);
    desk_close();
}

TEST(rules_v6, "IPv6 clients are limited by their networks, too")
{
    desk_open("limit: {rate: 10/s, burst: 5, prefix6: [128, 64], multiple6: [1, 2]}\n");
    CHECK_EQUAL(desk_lets_in(9, "fd00::1", false, 0), 5);
    CHECK_EQUAL(desk_lets_in(9, "fd00::2", false, 0), 5);
    CHECK_EQUAL(desk_lets_in(9, "fd00::3", false, 0), 0);
    CHECK_EQUAL(desk_lets_in(9, "fd00:0:0:1::3", false, 0), 5);
    desk_close();
}

TEST(rules_shadow, "a rule in shadow mode notes what it would have done, and lets pass")
{
    struct policy_desk *desk = desk_open("limit: {rate: 10/s, burst: 5, shadow: [rate]}\n");

    CHECK_EQUAL(desk_lets_in(9, "10.0.0.1", false, 0), 9);
    CHECK_TEXT(desk_verdict()->shadow, "rate");
    CHECK(!desk_verdict()->rule);
    CHECK_EQUAL(desk->counts.rules[RULE_rate].shadowed, 4);
    CHECK_EQUAL(desk->counts.rules[RULE_rate].enforced, 0);
    CHECK_EQUAL(desk->counts.v4[32].shadowed, 4);
    CHECK_EQUAL(desk_asks("8.8.8.8", false, 0), ACTION_REFUSE);
    desk_reload("limit: {mode: shadow}\n");
    CHECK_EQUAL(desk_asks("8.8.8.8", false, 0), ACTION_PASS);
    CHECK_TEXT(desk_verdict()->shadow, "access");
    desk_reload("limit: {mode: off}\n");
    CHECK_EQUAL(desk_asks("8.8.8.8", false, 0), ACTION_PASS);
    CHECK(!desk_verdict()->shadow);
    desk_close();
}

TEST(rules_reload, "a new configuration does not forgive")
{
    desk_open(LIMITED);
    CHECK_EQUAL(desk_lets_in(9, "10.0.0.1", false, 0), 5);
    desk_reload(LIMITED);
    CHECK_EQUAL(desk_lets_in(9, "10.0.0.1", false, 0), 0);
    desk_close();
}
