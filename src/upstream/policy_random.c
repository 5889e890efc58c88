/* upstream/policy_random.c - any, each as often as its weight says. */
#include "upstream/policy.h"

#include "base/random.h"

static unsigned pick(const struct choice *choice)
{
    uint64_t left = choice->among, sum = 0, drawn;
    uint32_t weight;

    do {
        sum += choice->candidates[__builtin_ctzll(left)].weight;
        left &= left - 1;
    } while (left);
    drawn = random_u64(choice->random) % sum;
    for (left = choice->among;; left &= left - 1) {
        weight = choice->candidates[__builtin_ctzll(left)].weight;
        if (drawn < weight)
            return (unsigned)__builtin_ctzll(left);
        drawn -= weight;
    }
}

const struct policy_ops policy_random = { .name = "random", .pick = pick };
