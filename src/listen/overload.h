#ifndef LISTEN_OVERLOAD_H
#define LISTEN_OVERLOAD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum scarce {
#define SCARCE(name) SCARCE_##name,
#include "listen/scarce.def"
#undef SCARCE
    SCARCE_COUNT
};

/* Whether there is too little of anything. It begins when more than three quarters of something are
 * taken, and ends when there is room again for a good while. Shared by all threads; zero it first.
 */
struct overload {
    _Atomic unsigned scarce; /* a bit for each */
    _Atomic unsigned seen;   /* those that were set since it was told */
    _Atomic uint64_t times;  /* how often it began */
    /* of who tells */
    bool is_told;
    uint64_t began_ns, last_ns;
};

/* So much of `what` is taken, of so much. */
void overload_note(struct overload *o, enum scarce what, size_t used, size_t max);

/* Idle connections have this part of their time in it. */
#define OVERLOAD_IDLE 4

static inline bool overload_is_on(const struct overload *o)
{
    return atomic_load_explicit(&o->scarce, memory_order_relaxed) != 0;
}

static inline bool overload_is_of(const struct overload *o, enum scarce what)
{
    return atomic_load_explicit(&o->scarce, memory_order_relaxed) & 1u << what;
}

/* "waiting,buffers"; "no" when there is enough of everything. Returns `text`. */
#define OVERLOAD_TEXT_MAX 64
const char *overload_text(const struct overload *o, char text[OVERLOAD_TEXT_MAX]);

/* Tells the log that it has begun, and that it is over for some seconds; every few seconds, by one
 * thread. */
void overload_tell(struct overload *o, uint64_t now_ns);

#endif
