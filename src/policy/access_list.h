#ifndef POLICY_ACCESS_LIST_H
#define POLICY_ACCESS_LIST_H

#include "base/prefix_map.h"
#include "policy/policy_config.h"

/* What the prefixes of the list stand for. */
enum access { ACCESS_DENIED, ACCESS_ALLOWED };

/* The key that is wrong, and why. */
typedef void access_fault_fn(void *arg, const char *option, const char *text);

/* All prefixes that `config` and its files allow or deny. ERR_CONFIG when `fault` was told that
 * something is wrong, ERR_NOMEM. */
err_t access_list_read(struct prefix_map **ret_map, const struct policy_config *config,
                       access_fault_fn *fault, void *arg);

#endif
