#ifndef POLICY_COUNTS_H
#define POLICY_COUNTS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All rules by their names. */
enum rule_id {
#define RULE(name) RULE_##name,
#include "policy/rules.def"
#undef RULE
    RULE_COUNT
};

const char *rule_name(enum rule_id rule);

/* How often a rule was against a query, in force or in shadow mode. */
struct policy_tally {
    _Atomic uint64_t enforced, shadowed;
};

/* Of each rule, and of prefixes of each length. Written by one thread, read by any. */
struct policy_counts {
    struct policy_tally rules[RULE_COUNT], v4[33], v6[129];
};

/* What several have counted together. */
struct policy_sums {
    struct policy_sum {
        uint64_t enforced, shadowed;
    } rules[RULE_COUNT], v4[33], v6[129];
};

void policy_counts_add(const struct policy_counts *counts, struct policy_sums *sums);

/* One number of them, and what it is about. */
struct policy_count {
    const char *rule; /* NULL: all rules that are about prefixes of this length */
    bool is_v6;
    uint8_t bits;
    bool is_shadow;
    uint64_t value;
};

#define POLICY_COUNTS_MAX (2 * (RULE_COUNT + 33 + 129))

/* Both numbers of each rule, and those of prefixes that are not zero. Returns how many. */
size_t policy_counts_list(const struct policy_sums *sums,
                          struct policy_count ret_list[POLICY_COUNTS_MAX]);

/* "policy_rate_enforced", "policy_ipv4_24_shadowed". Returns `name`. */
#define POLICY_COUNT_NAME_MAX 48
const char *policy_count_name(const struct policy_count *count, char name[POLICY_COUNT_NAME_MAX]);

#endif
