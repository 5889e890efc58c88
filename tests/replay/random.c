/* tests/replay/random.c - the same numbers in each run with the same seed. */
#include "base/random.h"

#include "replay/world.h"

uint16_t random_u16(struct random *r)
{
    return (uint16_t)random_u64(r);
}

uint64_t random_u64(struct random *r)
{
    (void)r;
    return world_random() >> 16;
}
