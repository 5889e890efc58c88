#ifndef COMMAND_LOOKUP_H
#define COMMAND_LOOKUP_H

#include "base/err.h"
#include "upstream/ask.h"

struct config;

/* Asks the upstreams of `config` one question, without a service, and calls `answered` with what
 * came of it. On failure nothing was asked and `reason` says why. */
err_t lookup(struct config *config, const struct question *question, upstream_answer_fn *answered,
             void *arg, char reason[1024]);

#endif
