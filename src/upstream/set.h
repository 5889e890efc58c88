#ifndef UPSTREAM_SET_H
#define UPSTREAM_SET_H

#include "base/pool.h"
#include "upstream/ask.h"
#include "upstream/equal.h"
#include "upstream/group.h"
#include "upstream/path.h"
#include "upstream/policy.h"
#include "upstream/upstream.h"

struct bootstrap;
struct flight;

/* All upstreams of one roster as one worker asks them, and the questions in the air. */
struct upstream_set {
    struct upstream_context *context;
    struct list link; /* the context's */
    struct roster *roster;
    struct pool flights, waiters;
    struct equal equal;
    struct list lost; /* flights that failed for good: told at the end of the turn */
    struct turn_end tell;
    bool retired;
    struct path path;
    struct bootstrap *bootstrap; /* NULL when no upstream has a name */
    uint64_t well;               /* a bit for each upstream that has not failed */
    uint64_t ready;              /* a bit for each that has a connection to use at once */
    struct candidate *candidates;
    struct group *groups; /* as many as the roster has */
    struct upstream upstreams[];
};

/* Tells all who wait for `f` what came of it, and ends it. */
void set_tell(struct upstream_set *s, struct flight *f, const struct upstream_answer *answer);

/* The flight has failed: that is told at the end of the turn, never before upstream_ask has
 * returned. */
void set_loses(struct upstream_set *s, struct flight *f);

/* Asks `u` what `f` asks, for nobody: to find out whether it is back, or to have a connection
 * ready. Nothing when there is no memory for it. */
void set_probes(struct upstream_set *s, const struct flight *f, struct upstream *u);

#endif
