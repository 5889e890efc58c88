#ifndef UPSTREAM_ROUTE_H
#define UPSTREAM_ROUTE_H

#include "base/err.h"

#include <stddef.h>

struct route_config;
struct suffix_set;

/* What is wrong with an option of a route, in a sentence that names the file and the line if it
 * stands in another file. */
typedef void route_fault_fn(void *arg, size_t route, const char *option, const char *text);

/* Makes a set of all suffixes of all routes, those in files included; what it finds are the indexes
 * of routes. NULL when there are no routes. ERR_CONFIG after something was told to `fault`, or
 * ERR_NOMEM. */
err_t routes_read(struct suffix_set **ret_set, const struct route_config *routes, size_t count,
                  route_fault_fn *fault, void *arg);

#endif
