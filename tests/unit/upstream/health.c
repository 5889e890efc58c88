#include "upstream/health.h"
#include "base/clock.h"
#include "unit/test.h"

#define MS NS_PER_MS

TEST(health_pauses, "each failure in a row doubles the pause, up to half a second from the try")
{
    static const uint64_t pauses[] = { 100, 200, 400, 500, 500, 500 };
    struct health h = { 0 };
    uint64_t now_ns = 1000 * MS;

    for (size_t i = 0; i < sizeof pauses / sizeof pauses[0]; i++) {
        health_fails(&h, now_ns);
        CHECK(h.is_open);
        CHECK(!health_wants_probe(&h, now_ns + pauses[i] * MS - 1));
        CHECK(health_wants_probe(&h, now_ns + pauses[i] * MS));
        now_ns += 10000 * MS;
    }
    health_answers(&h);
    CHECK(!h.is_open && !health_wants_probe(&h, now_ns + 10000 * MS));
    health_fails(&h, now_ns);
    CHECK(health_wants_probe(&h, now_ns + 100 * MS));
}

TEST(health_old_failure, "what was begun long ago and fails now does not make a pause shorter")
{
    struct health h = { 0 };

    health_fails(&h, 5000 * MS);
    health_fails(&h, 1000 * MS);
    CHECK(!health_wants_probe(&h, 5100 * MS - 1));
    CHECK(health_wants_probe(&h, 5100 * MS));
}

TEST(health_one_probe, "one probe is under way at a time, and the next waits for a pause")
{
    struct health h = { 0 };

    health_fails(&h, 0);
    health_is_probed(&h, 100 * MS);
    CHECK(!health_wants_probe(&h, 5000 * MS));
    health_fails(&h, h.probed_ns);
    CHECK(!health_wants_probe(&h, 300 * MS - 1));
    CHECK(health_wants_probe(&h, 300 * MS));
}

TEST(health_doubt, "who is doubted may be tried at once; a doubt makes no pause shorter")
{
    struct health h = { 0 };

    health_is_doubted(&h, 1000 * MS);
    CHECK(h.is_open && health_wants_probe(&h, 1000 * MS));
    health_fails(&h, 1000 * MS);
    health_is_doubted(&h, 1001 * MS);
    CHECK(!health_wants_probe(&h, 1050 * MS));
}

/* How many answers in a row others better until the circuit opens; 0: a thousand were not enough.
 */
static unsigned blamed_after(struct health *h, unsigned good_between)
{
    for (unsigned i = 1; i <= 1000; i++) {
        if (health_is_blamed(h, 0))
            return i;
        for (unsigned n = 0; n < good_between; n++)
            health_answers(h);
    }
    return 0;
}

TEST(health_blame, "a run of bettered answers opens the circuit, the second time sooner")
{
    struct health h = { 0 };
    unsigned first = blamed_after(&h, 0), second;

    CHECK(first >= 8 && first <= 16);
    CHECK(h.is_open);
    second = blamed_after(&h, 0);
    CHECK(second < first);
}

TEST(health_little_blame, "one in four that others better does not open it, three in four do")
{
    struct health h = { 0 };

    CHECK_EQUAL(blamed_after(&h, 3), 0);
    CHECK(!h.is_open);
    for (unsigned i = 0; i < 100 && !h.is_open; i++) {
        health_answers(&h);
        for (unsigned n = 0; n < 3 && !h.is_open; n++)
            health_is_blamed(&h, 0);
    }
    CHECK(h.is_open);
}
