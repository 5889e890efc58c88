#ifndef POLICY_COUNTS_H
#define POLICY_COUNTS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* All rules by their names. */
enum rule_id {
#define RULE(name) RULE_##name,
#include "policy/rules.def"
#undef RULE
    RULE_COUNT
};

/* How often each rule was against a query, in force or in shadow mode, and for prefixes of which
 * length. Written by one thread, read by any. */
struct policy_counts {
    struct {
        _Atomic uint64_t enforced, shadowed;
    } rules[RULE_COUNT], v4[33], v6[129];
};

/* One number of them, and what it is about. */
struct policy_count {
    const char *rule; /* NULL: all rules that are about prefixes */
    bool is_v6;
    uint8_t bits; /* 0: of any length */
    bool is_shadow;
    uint64_t value;
};

#endif
