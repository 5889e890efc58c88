#ifndef POLICY_LOCAL_ZONES_H
#define POLICY_LOCAL_ZONES_H

#include "base/err.h"
#include "base/slice.h"
#include "config/schema.h"

/* What there is in a zone: see local_names.def. */
enum local_kind {
    LOCAL_NOTHING,
    LOCAL_EMPTY,
    LOCAL_RESOLVER,
    LOCAL_LOOPBACK,
    LOCAL_HOST,
    LOCAL_NETWORK,
};

struct local_zone {
    const char *name;
    uint8_t name_len; /* in wire form */
    enum local_kind kind;
    const char *why;
};

/* The rows of local_names.def that a configuration leaves in force. Never changes. */
struct local_zones;

/* A name that is in no row, told to a person. */
typedef void local_fault_fn(void *arg, const char *text);

/* All zones but those in `passed`. ERR_CONFIG after something was told to `fault`, ERR_NOMEM. */
err_t local_zones_new(struct local_zones **ret_zones, const struct strings *passed,
                      local_fault_fn *fault, void *arg);
void local_zones_free(struct local_zones **zones);

/* The zone that `name` (wire form, letter case does not matter) is in, or NULL. */
const struct local_zone *local_zones_find(const struct local_zones *zones, struct slice name);

#endif
