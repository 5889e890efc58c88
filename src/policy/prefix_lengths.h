#ifndef POLICY_PREFIX_LENGTHS_H
#define POLICY_PREFIX_LENGTHS_H

#include "policy/policy_config.h"

#define PREFIX_LENGTHS_MAX 4

/* Which prefixes of a client are limited, and how many times the limit each may have. */
struct prefix_lengths {
    struct {
        uint8_t bits;
        unsigned multiple;
    } items[PREFIX_LENGTHS_MAX];
    size_t count;
};

/* NULL, or what is wrong with them. Checked with the configuration; they are all right then. */
const char *prefix_lengths_read(const struct strings *bits, const struct strings *multiples,
                                struct prefix_lengths *ret_lengths);

/* Those of IPv4 and of IPv6. */
const char *prefix_lengths_read_both(const struct policy_config *config,
                                     struct prefix_lengths *ret_v4, struct prefix_lengths *ret_v6);

#endif
