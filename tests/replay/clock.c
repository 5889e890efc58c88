/* tests/replay/clock.c - the clocks that only the script turns. */
#include "base/clock.h"

#include "replay/world.h"

uint64_t clock_monotonic_ns(void)
{
    return world.monotonic_ns;
}

uint64_t clock_boot_ns(void)
{
    return world.monotonic_ns + world.asleep_ns;
}

uint64_t clock_wall_ns(void)
{
    return world.wall_ns;
}
