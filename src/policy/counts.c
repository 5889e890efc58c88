/* policy/counts.c - what all workers' desks have counted, and what each number is called.
 *
 * Called by: worker/crew.c; and whoever wants to know how a rule is called.
 */
#include "policy/counts.h"

#include <stdio.h>

static const char *const rule_names[] = {
#define RULE(name) #name,
#include "policy/rules.def"
#undef RULE
};

const char *rule_name(enum rule_id rule)
{
    return rule_names[rule];
}

static void add(const struct policy_tally *tallies, size_t count, struct policy_sum *sums)
{
    for (size_t i = 0; i < count; i++) {
        sums[i].enforced += atomic_load_explicit(&tallies[i].enforced, memory_order_relaxed);
        sums[i].shadowed += atomic_load_explicit(&tallies[i].shadowed, memory_order_relaxed);
    }
}

void policy_counts_add(const struct policy_counts *counts, struct policy_sums *sums)
{
    add(counts->rules, RULE_COUNT, sums->rules);
    add(counts->v4, 33, sums->v4);
    add(counts->v6, 129, sums->v6);
}

/* The numbers in the making. */
struct list {
    struct policy_count *items;
    size_t count;
};

static void append(struct list *l, struct policy_count about, const struct policy_sum *sum)
{
    for (int is_shadow = 0; is_shadow <= 1; is_shadow++) {
        about.is_shadow = is_shadow;
        about.value = is_shadow ? sum->shadowed : sum->enforced;
        if (about.rule || about.value > 0)
            l->items[l->count++] = about;
    }
}

size_t policy_counts_list(const struct policy_sums *sums,
                          struct policy_count ret_list[POLICY_COUNTS_MAX])
{
    struct list list = { .items = ret_list };

    for (size_t i = 0; i < RULE_COUNT; i++)
        append(&list, (struct policy_count){ .rule = rule_names[i] }, &sums->rules[i]);
    for (uint8_t bits = 1; bits <= 32; bits++)
        append(&list, (struct policy_count){ .bits = bits }, &sums->v4[bits]);
    for (uint8_t bits = 1; bits <= 128; bits++)
        append(&list, (struct policy_count){ .is_v6 = true, .bits = bits }, &sums->v6[bits]);
    return list.count;
}

const char *policy_count_name(const struct policy_count *count, char name[POLICY_COUNT_NAME_MAX])
{
    const char *mode = count->is_shadow ? "shadowed" : "enforced";

    if (count->rule)
        snprintf(name, POLICY_COUNT_NAME_MAX, "policy_%s_%s", count->rule, mode);
    else
        snprintf(name, POLICY_COUNT_NAME_MAX, "policy_ipv%d_%u_%s", count->is_v6 ? 6 : 4,
                 count->bits, mode);
    return name;
}
