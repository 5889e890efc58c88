#include "listen/admission.h"
#include "base/clock.h"
#include "unit/test.h"

#include <stdio.h>

#define MANY 1000000

static const struct limit_config ten = { .tcp_connections = 10,
                                         .tcp_connections_per_client = MANY,
                                         .tcp_connections_per_network = MANY };
static const struct limit_config three_each = { .tcp_connections = MANY,
                                                .tcp_connections_per_client = 3,
                                                .tcp_connections_per_network = MANY };
static const struct limit_config five_a_network = { .tcp_connections = MANY,
                                                    .tcp_connections_per_client = MANY,
                                                    .tcp_connections_per_network = 5 };

static bool enters(struct admission *a, const char *host, const struct limit_config *limits)
{
    static uint16_t port;
    union addr client;

    CHECK_EQUAL(addr_parse(host, ++port, &client), OK);
    return admission_enter(a, &client, limits, false);
}

static void leaves(struct admission *a, const char *host, const struct limit_config *limits)
{
    union addr client;

    CHECK_EQUAL(addr_parse(host, 1, &client), OK);
    admission_leave(a, &client, limits);
}

static const char *numbered(unsigned host)
{
    static char text[32];

    snprintf(text, sizeof text, "192.0.2.%u", host);
    return text;
}

static struct admission *fresh(void)
{
    struct admission *a;

    CHECK_EQUAL(admission_new(&a), OK);
    return a;
}

TEST(admission_limits_all,
     "all clients together have so many connections, and one more after one left")
{
    struct admission *a = fresh();

    for (unsigned i = 0; i < 10; i++)
        CHECK(enters(a, numbered(i), &ten));
    CHECK(!enters(a, "192.0.2.100", &ten));
    CHECK(!enters(a, "192.0.2.100", &ten)); /* a refusal takes no place */
    CHECK_EQUAL(admission_connections(a), 10);
    leaves(a, "192.0.2.3", &ten);
    CHECK(enters(a, "192.0.2.100", &ten));
    CHECK(!enters(a, "192.0.2.100", &ten));
    admission_free(&a);
    CHECK(a == NULL);
}

TEST(admission_limits_one, "one client has so many, from whatever ports; others are not concerned")
{
    struct admission *a = fresh();

    for (unsigned i = 0; i < 3; i++)
        CHECK(enters(a, "192.0.2.1", &three_each));
    CHECK(!enters(a, "192.0.2.1", &three_each));
    CHECK(enters(a, "192.0.2.2", &three_each));
    leaves(a, "192.0.2.1", &three_each);
    CHECK(enters(a, "192.0.2.1", &three_each));
    CHECK(!enters(a, "192.0.2.1", &three_each));
    admission_free(&a);
}

TEST(admission_limits_networks, "a network has so many, whoever in it they are of")
{
    struct admission *a = fresh();

    for (unsigned i = 0; i < 5; i++)
        CHECK(enters(a, numbered(i), &five_a_network));
    CHECK(!enters(a, "192.0.2.77", &five_a_network));
    CHECK(enters(a, "192.0.3.77", &five_a_network));
    leaves(a, "192.0.2.4", &five_a_network);
    CHECK(enters(a, "192.0.2.77", &five_a_network));
    for (unsigned i = 0; i < 5; i++)
        CHECK(enters(a, "2001:db8:7::1", &five_a_network));
    CHECK(!enters(a, "2001:db8:7:ffff::1", &five_a_network));
    CHECK(enters(a, "2001:db8:8::1", &five_a_network));
    admission_free(&a);
}

TEST(admission_knows_v6, "of IPv6 a client is a /64")
{
    struct admission *a = fresh();

    for (unsigned i = 0; i < 3; i++)
        CHECK(enters(a, "2001:db8::1", &three_each));
    CHECK(!enters(a, "2001:db8::2", &three_each));
    CHECK(enters(a, "2001:db8:0:1::2", &three_each));
    admission_free(&a);
}

TEST(admission_of_many, "who speaks for many is counted, and limited by the number of all alone")
{
    struct admission *a = fresh();
    union addr balancer;

    CHECK_EQUAL(addr_parse("192.0.2.1", 1, &balancer), OK);
    for (unsigned i = 0; i < 50; i++)
        CHECK(admission_enter(a, &balancer, &three_each, true));
    for (unsigned i = 0; i < 50; i++)
        admission_leave(a, &balancer, &three_each);
    CHECK(enters(a, "192.0.2.1", &three_each));
    for (unsigned i = 1; i < 10; i++)
        CHECK(admission_enter(a, &balancer, &ten, true));
    CHECK(!admission_enter(a, &balancer, &ten, true));
    admission_free(&a);
}

TEST(admission_forgets, "what entered and left ten thousand times leaves no trace")
{
    struct admission *a = fresh();
    const struct limit_config one = { .tcp_connections = 1,
                                      .tcp_connections_per_client = 1,
                                      .tcp_connections_per_network = 1 };

    for (unsigned i = 0; i < 10000; i++) {
        CHECK(enters(a, numbered(i % 250), &one));
        leaves(a, numbered(i % 250), &one);
    }
    admission_free(&a);
}

TEST(admission_holds_bytes,
     "bytes are granted up to the limit, less always, and a refusal changes nothing")
{
    struct admission *a = fresh();

    CHECK(admission_hold(a, 0, 600, 1000));
    CHECK(!admission_hold(a, 0, 401, 1000));
    CHECK(admission_hold(a, 0, 400, 1000));
    CHECK(!admission_hold(a, 400, 401, 1000));
    CHECK(admission_hold(a, 400, 400, 0));
    CHECK(admission_hold(a, 600, 100, 0));
    CHECK(!admission_hold(a, 400, 901, 1000));
    CHECK(admission_hold(a, 400, 900, 1000));
    CHECK_EQUAL(admission_bytes(a), 1000);
    CHECK(admission_hold(a, 900, 0, 1000));
    CHECK(admission_hold(a, 100, 0, 1000));
    CHECK(admission_hold(a, 0, 1000, 1000));
    admission_free(&a);
}

TEST(admission_knows_overload, "it is in an overload when three quarters of anything are taken")
{
    struct admission *a = fresh();
    struct overload *o = admission_overload(a);
    char text[OVERLOAD_TEXT_MAX];

    for (unsigned i = 0; i < 7; i++)
        CHECK(enters(a, numbered(i), &ten));
    CHECK(!overload_is_on(o));
    CHECK(enters(a, numbered(8), &ten));
    CHECK(overload_is_on(o));
    CHECK(admission_hold(a, 0, 751, 1000));
    CHECK_TEXT(overload_text(o, text), "connections,buffers");
    CHECK(admission_hold(a, 751, 625, 1000));
    CHECK_TEXT(overload_text(o, text), "connections");
    leaves(a, numbered(8), &ten);
    CHECK(overload_is_on(o));
    leaves(a, numbered(7), &ten);
    CHECK(!overload_is_on(o));
    admission_free(&a);
}

TEST(admission_handshakes,
     "so many handshakes a second are paid in an overload, and all there are before")
{
    struct admission *a = fresh();
    const struct limit_config limits = { .overload_handshakes = 10 };

    for (unsigned i = 0; i < 1000; i++)
        CHECK(admission_shakes_hands(a, &limits, 0));
    overload_note(admission_overload(a), SCARCE_waiting, 10, 10);
    for (unsigned i = 0; i < 10; i++)
        CHECK(admission_shakes_hands(a, &limits, 0));
    CHECK(!admission_shakes_hands(a, &limits, 99 * NS_PER_MS));
    CHECK(admission_shakes_hands(a, &limits, 101 * NS_PER_MS));
    CHECK(!admission_shakes_hands(a, &limits, 101 * NS_PER_MS));
    overload_note(admission_overload(a), SCARCE_waiting, 0, 10);
    CHECK(admission_shakes_hands(a, &limits, 101 * NS_PER_MS));
    admission_free(&a);
}
