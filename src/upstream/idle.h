#ifndef UPSTREAM_IDLE_H
#define UPSTREAM_IDLE_H

#include "base/wheel.h"

#include <stdbool.h>

struct channel;
struct upstream;

/* How long a server lets a connection idle, as it says (RFC 7828) or as it does. Zero it first. */
struct idle {
    uint64_t learned_ns; /* 0: not known */
    uint64_t seen_ns;    /* what may become of it when it is seen again */
    struct timer timer;
};

/* The server closed a connection that was idle for `idle_ns`. */
void idle_learn(struct idle *idle, uint64_t idle_ns);

/* Whether the server may close the channel at any moment, because it was idle for long. */
bool idle_is_over(const struct upstream *u, const struct channel *c, uint64_t now_ns);

/* A channel is rid of its last question: it is replaced or closed before the server does so. */
void idle_begins(struct upstream *u, const struct channel *c);

/* The server closed the channel `c`, which nobody used: whether that was for being idle. */
bool idle_ended(struct upstream *u, const struct channel *c);
void idle_done(struct idle *idle);

#endif
