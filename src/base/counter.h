#ifndef BASE_COUNTER_H
#define BASE_COUNTER_H

#include <stdatomic.h>
#include <stdint.h>

/* Raises a counter that one thread writes and any may read: no locked instruction. */
static inline void counter_raise(_Atomic uint64_t *counter, uint64_t by)
{
    uint64_t before = atomic_load_explicit(counter, memory_order_relaxed);

    atomic_store_explicit(counter, before + by, memory_order_relaxed);
}

/* The same for a number that falls as well. */
static inline void counter_lower(_Atomic uint64_t *counter, uint64_t by)
{
    uint64_t before = atomic_load_explicit(counter, memory_order_relaxed);

    atomic_store_explicit(counter, before - by, memory_order_relaxed);
}

#endif
