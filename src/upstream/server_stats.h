#ifndef UPSTREAM_SERVER_STATS_H
#define UPSTREAM_SERVER_STATS_H

#include "metrics/histogram.h"
#include "upstream/ask.h"

enum server_count {
#define SERVER_COUNT(name, text) SERVER_##name,
#include "upstream/server_counts.def"
#undef SERVER_COUNT
    SERVER_COUNTS
};

/* Whether an upstream is asked; the worse the later. */
enum server_state {
    SERVER_IS_UNTRIED, /* nothing was asked yet */
    SERVER_IS_UP,
    SERVER_IS_SUSPECT, /* it is silent: others are asked first */
    SERVER_IS_DOWN,    /* it is tried again now and then */
    SERVER_IS_UNKNOWN, /* no address is known for its name */
    SERVER_STATES
};

/* What one worker has seen of one server. Written by that worker alone, read by any thread. */
struct server_stats {
    _Atomic uint64_t counts[SERVER_COUNTS];
    _Atomic uint32_t connections; /* open now */
    _Atomic uint32_t in_flight;
    _Atomic uint32_t state;       /* an enum server_state */
    _Atomic(const char *) reason; /* of the last change for the worse; a literal, or NULL */
    _Atomic uint32_t phase;       /* an enum phase: how far it had come then */
    _Atomic uint64_t changed_ns;  /* monotonic */
    struct histogram phases[PHASE_ANSWER + 1];
};

static inline void server_counts(struct server_stats *s, enum server_count which)
{
    counter_raise(&s->counts[which], 1);
}

static inline void server_took(struct server_stats *s, enum phase phase, uint64_t ns)
{
    histogram_add(&s->phases[phase], ns);
}

/* More or fewer connections, or questions in flight. */
static inline void server_holds(_Atomic uint32_t *gauge, int change)
{
    uint32_t before = atomic_load_explicit(gauge, memory_order_relaxed);

    atomic_store_explicit(gauge, before + (uint32_t)change, memory_order_relaxed);
}

/* Says in which state the server is. One that is told again is as old as it was. */
static inline void server_is(struct server_stats *s, enum server_state state, uint64_t now_ns)
{
    if (atomic_load_explicit(&s->state, memory_order_relaxed) == state)
        return;
    atomic_store_explicit(&s->changed_ns, now_ns, memory_order_relaxed);
    /* last: who sees it sees why and since when */
    atomic_store_explicit(&s->state, state, memory_order_release);
}

/* The same for a change for the worse, and why; `reason` is a literal. */
static inline void server_is_worse(struct server_stats *s, enum server_state state,
                                   enum phase phase, const char *reason, uint64_t now_ns)
{
    atomic_store_explicit(&s->phase, phase, memory_order_relaxed);
    atomic_store_explicit(&s->reason, reason, memory_order_relaxed);
    server_is(s, state, now_ns);
}

#endif
