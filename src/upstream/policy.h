#ifndef UPSTREAM_POLICY_H
#define UPSTREAM_POLICY_H

#include "base/slice.h"

#include <stdbool.h>

struct random;

/* What a policy may know of an upstream. */
struct candidate {
    uint32_t weight;     /* as configured, at least 1 */
    uint32_t latency_us; /* smoothed; 0: not known yet */
    uint32_t in_flight;
    uint64_t provider; /* who runs it: the same for all that bear one name */
};

/* A question, and who may be asked. */
struct choice {
    const struct candidate *candidates; /* of all upstreams, by their index */
    uint64_t among;                     /* a bit for each that may be taken; at least one */
    struct slice name;                  /* QNAME in wire form, in small letters */
    struct random *random;
    unsigned *turn; /* the group's own, for those who take turns; 0 at first */
};

/* How a group picks one of several upstreams: pure, so that a test sees what ten thousand questions
 * come to. */
struct policy_ops {
    const char *name;
    bool any_will_do; /* a question may go to another one while this one has no connection */
    unsigned (*pick)(const struct choice *choice); /* the index of one of `among` */
};

extern const struct policy_ops policy_failover; /* that of the bootstrap servers */

/* The policy at this place in policies.def, which is also the order of the option's words. */
const struct policy_ops *policy_at(unsigned index);

#endif
