/* upstream/policy.c - the policies by their places. */
#include "upstream/policy.h"

#define POLICY(name) extern const struct policy_ops policy_##name;
#include "upstream/policies.def"
#undef POLICY

static const struct policy_ops *const table[] = {
#define POLICY(name) &policy_##name,
#include "upstream/policies.def"
#undef POLICY
};

const struct policy_ops *policy_at(unsigned index)
{
    return table[index];
}
