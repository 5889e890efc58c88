/* upstream/policy_failover.c - the first that may be taken: others serve while it cannot. */
#include "upstream/policy.h"

static unsigned pick(const struct choice *choice)
{
    return (unsigned)__builtin_ctzll(choice->among);
}

const struct policy_ops policy_failover = { .name = "failover", .pick = pick };
