#include "policy/counts.h"

#include "unit/policy/desk.h"
#include "unit/test.h"

#define LIMITED                                                                                    \
    "limit: {rate: 10/s, burst: 5, prefix4: [32, 24], multiple4: [1, 2], prefix6: [64],"           \
    "multiple6: [1]"

static uint64_t value_of(const struct policy_sums *sums, const char *wanted)
{
    struct policy_count list[POLICY_COUNTS_MAX];
    size_t count = policy_counts_list(sums, list);
    char name[POLICY_COUNT_NAME_MAX];

    for (size_t i = 0; i < count; i++)
        if (strcmp(policy_count_name(&list[i], name), wanted) == 0)
            return list[i].value;
    return UINT64_MAX;
}

TEST(counts_names,
     "what was denied is counted by rule, prefix length and mode, of all desks together")
{
    struct policy_desk *desk = desk_open(LIMITED "}\n");
    struct policy_sums sums = { 0 };

    CHECK_EQUAL(desk_lets_in(9, "10.0.0.1", false, 0), 5);
    CHECK_EQUAL(desk_lets_in(9, "10.0.0.2", false, 0), 5);
    CHECK_EQUAL(desk_lets_in(3, "10.0.0.3", false, 0), 0);
    CHECK_EQUAL(desk_lets_in(7, "fd00::1", false, 0), 5);
    CHECK_EQUAL(desk_asks("8.8.8.8", false, 0), ACTION_REFUSE);
    policy_counts_add(&desk->counts, &sums);
    policy_counts_add(&desk->counts, &sums); /* two workers who have seen the same */
    CHECK_EQUAL(value_of(&sums, "policy_access_enforced"), 2);
    CHECK_EQUAL(value_of(&sums, "policy_rate_enforced"), 2 * (8 + 3 + 2));
    CHECK_EQUAL(value_of(&sums, "policy_rate_shadowed"), 0);
    CHECK_EQUAL(value_of(&sums, "policy_ipv4_32_enforced"), 2 * 8);
    CHECK_EQUAL(value_of(&sums, "policy_ipv4_24_enforced"), 2 * 3);
    CHECK_EQUAL(value_of(&sums, "policy_ipv6_64_enforced"), 2 * 2);
    CHECK_EQUAL(value_of(&sums, "policy_ipv6_128_enforced"), UINT64_MAX); /* not told */
    CHECK_EQUAL(value_of(&sums, "policy_ipv4_32_shadowed"), UINT64_MAX);
    desk_close();
}

TEST(counts_shadow, "and what would have been denied is counted apart")
{
    struct policy_desk *desk = desk_open(LIMITED ", mode: shadow}\n");
    struct policy_sums sums = { 0 };

    CHECK_EQUAL(desk_lets_in(9, "10.0.0.1", false, 0), 9);
    policy_counts_add(&desk->counts, &sums);
    CHECK_EQUAL(value_of(&sums, "policy_rate_shadowed"), 4);
    CHECK_EQUAL(value_of(&sums, "policy_rate_enforced"), 0);
    CHECK_EQUAL(value_of(&sums, "policy_ipv4_32_shadowed"), 4);
    CHECK_EQUAL(value_of(&sums, "policy_ipv4_32_enforced"), UINT64_MAX);
    desk_close();
}
