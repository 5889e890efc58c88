#ifndef POLICY_EXCESS_H
#define POLICY_EXCESS_H

#include "policy/policy_config.h"
#include "query/query.h"

/* What the configuration has for queries over a limit. */
enum action excess_action(const struct policy_config *options);

/* What `q` gets of it, whose client is not proven or may ask again another way. */
enum action excess_for(enum action configured, const struct query *q);

#endif
