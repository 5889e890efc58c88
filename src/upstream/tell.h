#ifndef UPSTREAM_TELL_H
#define UPSTREAM_TELL_H

#include "upstream/ask.h"
#include "upstream/server_stats.h"

struct upstream;

/* What people are told of an upstream: in the log once for all workers, and in its counters. */

/* The reason is copied to the log, and may be anybody's. */
void tell_failed(struct upstream *u, enum phase phase, const char *reason);
void tell_back(struct upstream *u);

/* Does nothing while the state is what it was. */
void tell_state(struct upstream *u, enum server_state state);

#endif
