#ifndef COMMAND_LOOKUP_H
#define COMMAND_LOOKUP_H

#include "base/err.h"
#include "upstream/ask.h"

struct config;

/* What came of it; the roster's servers have the reasons of their failures. */
typedef void lookup_fn(void *arg, const struct upstream_answer *answer,
                       const struct roster *roster);

/* Asks the upstreams of `config` one question, without a service. On failure nothing was asked and
 * `reason` says why. */
err_t lookup(struct config *config, const struct question *question, lookup_fn *answered, void *arg,
             char reason[1024]);

#endif
