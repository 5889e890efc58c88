#include "base/clock.h"
#include "unit/test.h"

#include <time.h>

TEST(clock_goes_on, "the monotonic clock never goes back, and both tell the machine's time")
{
    uint64_t before = clock_monotonic_ns();

    for (unsigned i = 0; i < 100000; i++) {
        uint64_t now = clock_monotonic_ns();

        CHECK(now >= before);
        before = now;
    }
    CHECK((time_t)(clock_wall_ns() / NS_PER_S) >= time(NULL) - 1);
    CHECK((time_t)(clock_wall_ns() / NS_PER_S) <= time(NULL) + 1);
}

TEST(clock_of_boot, "the clock that counts sleep never lags behind the one that does not")
{
    uint64_t before = clock_boot_ns();

    CHECK(before > 0);
    for (unsigned i = 0; i < 1000; i++) {
        uint64_t monotonic = clock_monotonic_ns(), now = clock_boot_ns();

        CHECK(now >= monotonic);
        CHECK(now >= before);
        before = now;
    }
}
