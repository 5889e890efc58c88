#include "base/clock.h"
#include "log/log.h"
#include "unit/test.h"

TEST(gate_opens, "a gate opens once a minute and tells how often it was closed")
{
    struct log_gate gate = { 0 };
    const uint64_t start = 1000 * NS_PER_S;
    uint64_t held_back = 99;

    CHECK(log_gate_opens(&gate, start, &held_back));
    CHECK_EQUAL(held_back, 0);
    for (unsigned i = 0; i < 1000; i++)
        CHECK(!log_gate_opens(&gate, start + i, &held_back));
    CHECK(!log_gate_opens(&gate, start + 60 * NS_PER_S - 1, &held_back));
    CHECK(log_gate_opens(&gate, start + 60 * NS_PER_S, &held_back));
    CHECK_EQUAL(held_back, 1001);
    CHECK(!log_gate_opens(&gate, start + 61 * NS_PER_S, &held_back));
    CHECK(log_gate_opens(&gate, start + 3600 * NS_PER_S, &held_back));
    CHECK_EQUAL(held_back, 1);
}
