#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

#define NS_PER_US 1000ull
#define NS_PER_MS 1000000ull
#define NS_PER_S  1000000000ull

/* Nanoseconds of a clock that never jumps. All deadlines use it. */
uint64_t clock_monotonic_ns(void);

/* As clock_monotonic_ns, but it goes on while the machine sleeps: what it gains on that clock was
 * slept through. */
uint64_t clock_boot_ns(void);

/* Nanoseconds since 1970, UTC: for what people read, never for a deadline. */
uint64_t clock_wall_ns(void);

#endif
