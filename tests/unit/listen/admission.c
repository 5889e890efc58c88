#include "listen/admission.h"
#include "unit/test.h"

#include <stdio.h>

static union addr client(unsigned host, uint16_t port)
{
    char text[32];
    union addr a;

    snprintf(text, sizeof text, "192.0.2.%u", host);
    CHECK_EQUAL(addr_parse(text, port, &a), OK);
    return a;
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
    union addr addr;

    for (unsigned i = 0; i < 10; i++) {
        addr = client(i, 1);
        CHECK(admission_enter(a, &addr, 10, 10));
    }
    addr = client(100, 1);
    CHECK(!admission_enter(a, &addr, 10, 10));
    CHECK(!admission_enter(a, &addr, 10, 10)); /* a refusal takes no place */
    addr = client(3, 1);
    admission_leave(a, &addr);
    addr = client(100, 1);
    CHECK(admission_enter(a, &addr, 10, 10));
    CHECK(!admission_enter(a, &addr, 10, 10));
    admission_free(&a);
    CHECK(a == NULL);
}

TEST(admission_limits_one, "one client has so many, from whatever ports; others are not concerned")
{
    struct admission *a = fresh();
    const union addr other = client(2, 1);
    union addr one;

    for (uint16_t port = 1; port <= 3; port++) {
        one = client(1, port);
        CHECK(admission_enter(a, &one, 100, 3));
    }
    one = client(1, 4);
    CHECK(!admission_enter(a, &one, 100, 3));
    CHECK(admission_enter(a, &other, 100, 3));
    admission_leave(a, &one);
    CHECK(admission_enter(a, &one, 100, 3));
    CHECK(!admission_enter(a, &one, 100, 3));
    admission_free(&a);
}

TEST(admission_knows_v6, "IPv6 clients are told apart by their addresses")
{
    struct admission *a = fresh();
    union addr one, two;

    CHECK_EQUAL(addr_parse("2001:db8::1", 1, &one), OK);
    CHECK_EQUAL(addr_parse("2001:db8::2", 1, &two), OK);
    CHECK(admission_enter(a, &one, 100, 1));
    CHECK(!admission_enter(a, &one, 100, 1));
    CHECK(admission_enter(a, &two, 100, 1));
    admission_free(&a);
}

TEST(admission_forgets, "what entered and left ten thousand times leaves no trace")
{
    struct admission *a = fresh();

    for (unsigned i = 0; i < 10000; i++) {
        const union addr addr = client(i % 250, 1);

        CHECK(admission_enter(a, &addr, 1, 1));
        admission_leave(a, &addr);
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
    CHECK(admission_hold(a, 900, 0, 1000));
    CHECK(admission_hold(a, 100, 0, 1000));
    CHECK(admission_hold(a, 0, 1000, 1000));
    admission_free(&a);
}
