/* upstream/policy_random.c - any, each as often as its weight says. */
#include "upstream/policy.h"

#include "base/random.h"

static unsigned pick(const struct choice *choice)
{
    uint64_t sum = 0, drawn;
    unsigned i = 0;

    for (uint64_t left = choice->among; left; left &= left - 1)
        sum += choice->candidates[__builtin_ctzll(left)].weight;
    drawn = random_u64(choice->random) % sum;
    for (uint64_t left = choice->among; left; left &= left - 1) {
        i = (unsigned)__builtin_ctzll(left);
        if (drawn < choice->candidates[i].weight)
            break;
        drawn -= choice->candidates[i].weight;
    }
    return i;
}

const struct policy_ops policy_random = { .name = "random", .pick = pick };
