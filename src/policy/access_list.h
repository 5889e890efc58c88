#ifndef POLICY_ACCESS_LIST_H
#define POLICY_ACCESS_LIST_H

#include "base/prefix_map.h"
#include "policy/policy_config.h"

/* Where a prefix of the list was written. */
enum access_source { IN_ALLOW, IN_ALLOW_FILE, IN_DENY, IN_DENY_FILE, IN_DEFAULT };

/* What a prefix of the list stands for. */
static inline uint32_t access_value(enum access_source source, uint8_t bits)
{
    return (uint32_t)source << 8 | bits;
}

static inline uint8_t access_bits(uint32_t value)
{
    return (uint8_t)value;
}

static inline enum access_source access_source(uint32_t value)
{
    return (enum access_source)(value >> 8);
}

static inline bool access_allows(uint32_t value)
{
    return access_source(value) != IN_DENY && access_source(value) != IN_DENY_FILE;
}

/* The key that is wrong, and why. */
typedef void access_fault_fn(void *arg, const char *option, const char *text);

/* All prefixes that `config` and its files allow or deny. ERR_CONFIG when `fault` was told that
 * something is wrong, ERR_NOMEM. */
err_t access_list_read(struct prefix_map **ret_map, const struct policy_config *config,
                       access_fault_fn *fault, void *arg);

#endif
