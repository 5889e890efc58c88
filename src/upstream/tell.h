#ifndef UPSTREAM_TELL_H
#define UPSTREAM_TELL_H

#include "upstream/ask.h"
#include "upstream/server_stats.h"

struct upstream;

/* What people are told of an upstream: in the log once for all workers, and in its counters. */

/* Reasons are literals. */
void tell_failed(struct upstream *u, enum phase phase, const char *reason);

/* Not for the log: it may be nothing. */
void tell_suspect(struct upstream *u, enum phase phase, const char *reason);

/* Its name is not resolved yet, and then it is. The log hears of names from bootstrap.c. */
void tell_unknown(struct upstream *u);
void tell_known(struct upstream *u);

/* It answers. */
void tell_well(struct upstream *u);

#endif
