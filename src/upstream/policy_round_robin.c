/* upstream/policy_round_robin.c - each in turn; who cannot be taken is passed over. */
#include "upstream/policy.h"

static unsigned pick(const struct choice *choice)
{
    uint64_t to_come = *choice->turn < 64 ? choice->among & UINT64_MAX << *choice->turn : 0;
    unsigned picked = (unsigned)__builtin_ctzll(to_come ? to_come : choice->among);

    *choice->turn = picked + 1;
    return picked;
}

const struct policy_ops policy_round_robin = { .name = "round-robin", .pick = pick };
