#include "upstream/idle.h"
#include "base/clock.h"
#include "unit/test.h"

TEST(idle_twice, "what a server does once is an accident, and twice is its way")
{
    struct idle idle = { 0 };

    idle_learn(&idle, 10 * NS_PER_S);
    CHECK_EQUAL(idle.learned_ns, 0);
    idle_learn(&idle, 11 * NS_PER_S);
    CHECK_EQUAL(idle.learned_ns, 10 * NS_PER_S);
}

TEST(idle_differs, "two that differ by more than a quarter tell nothing")
{
    struct idle idle = { 0 };

    idle_learn(&idle, 10 * NS_PER_S);
    idle_learn(&idle, 20 * NS_PER_S);
    CHECK_EQUAL(idle.learned_ns, 0);
    idle_learn(&idle, 20 * NS_PER_S);
    CHECK_EQUAL(idle.learned_ns, 20 * NS_PER_S);
}

TEST(idle_short, "what closes within a second does not close for being idle")
{
    struct idle idle = { 0 };

    for (unsigned i = 0; i < 10; i++)
        idle_learn(&idle, NS_PER_S - 1);
    CHECK_EQUAL(idle.learned_ns, 0);
}

TEST(idle_changes, "a server that changes its ways is learned anew")
{
    struct idle idle = { 0 };

    idle_learn(&idle, 30 * NS_PER_S);
    idle_learn(&idle, 30 * NS_PER_S);
    idle_learn(&idle, 5 * NS_PER_S);
    CHECK_EQUAL(idle.learned_ns, 30 * NS_PER_S);
    idle_learn(&idle, 5 * NS_PER_S);
    CHECK_EQUAL(idle.learned_ns, 5 * NS_PER_S);
}
