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
