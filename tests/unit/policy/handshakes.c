#include "base/clock.h"
#include "unit/policy/desk.h"
#include "unit/test.h"

#include <stdio.h>

#define SLOW "limit: {tls_handshakes: 10/s, tls_handshakes_burst: 5, allow: [0.0.0.0/0, '::/0']}\n"

static bool shakes(struct policy_desk *desk, const char *host, uint64_t now_ms)
{
    union addr client;

    CHECK_EQUAL(addr_parse(host, 4711, &client), OK);
    return policy_admits(desk, &client, true, now_ms * NS_PER_MS);
}

static unsigned shake_many(struct policy_desk *desk, const char *host, uint64_t now_ms)
{
    unsigned count = 0;

    while (count < 1000 && shakes(desk, host, now_ms))
        count++;
    return count;
}

TEST(handshakes_rate, "a client has its burst of handshakes, and then its rate")
{
    struct policy_desk *desk = desk_open(SLOW);

    CHECK_EQUAL(shake_many(desk, "192.0.2.1", 0), 5);
    CHECK_EQUAL(shake_many(desk, "192.0.2.1", 99), 0);
    CHECK_EQUAL(shake_many(desk, "192.0.2.1", 101), 1);
    CHECK_EQUAL(shake_many(desk, "192.0.2.1", 10000), 5);
    CHECK_EQUAL(shake_many(desk, "192.0.2.2", 10000), 5);
    CHECK_EQUAL(desk->counts.rules[RULE_handshakes].enforced, 5);
    CHECK_EQUAL(desk->counts.v4[32].enforced, 5);
    desk_close();
}

TEST(handshakes_network, "its network has eight times as much, and other networks have their own")
{
    struct policy_desk *desk = desk_open(SLOW);
    unsigned count = 0;

    for (unsigned host = 1; host < 20; host++) {
        char text[32];

        snprintf(text, sizeof text, "192.0.2.%u", host);
        count += shake_many(desk, text, 0);
    }
    CHECK_EQUAL(count, 40);
    CHECK(desk->counts.v4[24].enforced > 0);
    CHECK_EQUAL(shake_many(desk, "192.0.3.1", 0), 5);
    CHECK_EQUAL(shake_many(desk, "2001:db8::1", 0), 5);
    CHECK_EQUAL(shake_many(desk, "2001:db8::2", 0), 0);
    CHECK_EQUAL(desk->counts.v6[64].enforced, 2);
    CHECK_EQUAL(shake_many(desk, "2001:db8:0:1::1", 0), 5);
    desk_close();
}

TEST(handshakes_plain, "who connects without TLS has none to pay for")
{
    struct policy_desk *desk = desk_open(SLOW);
    union addr client;

    CHECK_EQUAL(addr_parse("192.0.2.1", 4711, &client), OK);
    CHECK_EQUAL(shake_many(desk, "192.0.2.1", 0), 5);
    CHECK(policy_admits(desk, &client, false, 0));
    desk_close();
}

TEST(handshakes_off, "0 is no limit, and in shadow mode it is only counted")
{
    struct policy_desk *desk = desk_open("limit: {tls_handshakes: 0/s}\n");

    CHECK_EQUAL(shake_many(desk, "10.0.0.1", 0), 1000);
    desk_reload("limit: {tls_handshakes: 10/s, tls_handshakes_burst: 5, shadow: [handshakes]}\n");
    CHECK_EQUAL(shake_many(desk, "10.0.0.1", 0), 1000);
    CHECK_EQUAL(desk->counts.rules[RULE_handshakes].shadowed, 995);
    desk_close();
}

TEST(handshakes_denied, "who may not ask may not connect, and takes nothing from anybody")
{
    struct policy_desk *desk =
        desk_open("limit: {tls_handshakes: 10/s, tls_handshakes_burst: 5, deny: [10.0.0.2]}\n");

    CHECK(!shakes(desk, "10.0.0.2", 0));
    CHECK(!shakes(desk, "192.0.2.1", 0)); /* not among the private ranges */
    CHECK_EQUAL(desk->counts.rules[RULE_access].enforced, 2);
    CHECK_EQUAL(shake_many(desk, "10.0.0.1", 0), 5);
    desk_close();
}

TEST(handshakes_explains, "it tells what is left, and takes nothing")
{
    struct policy_desk *desk = desk_open(SLOW);
    struct policy_opinion opinion;
    char text[1024];

    CHECK(shakes(desk, "192.0.2.1", 0));
    for (unsigned i = 0; i < 2; i++) {
        opinion = desk_explains(RULE_handshakes, "192.0.2.1", "a.example", 0, text);
        CHECK_EQUAL(opinion.action, ACTION_PASS);
        CHECK_EQUAL(opinion.moment, ON_HANDSHAKE);
        CHECK_TEXT(text, "192.0.2.1/32 proven: 4/5\n192.0.2.0/24 proven: 39/40\n");
    }
    shake_many(desk, "192.0.2.1", 0);
    opinion = desk_explains(RULE_handshakes, "192.0.2.1", "a.example", 0, text);
    CHECK_EQUAL(opinion.action, ACTION_DROP);
    desk_close();
}
