#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include "policy/counts.h"
#include "policy/rule.h"

/* The doorman: all rules as one configuration has them. Never changes; shared by the workers. */
struct policy;

/* ERR_NOMEM, or why the configuration cannot be followed, told to a person in `reason`. */
err_t policy_new(struct policy **ret_policy, const struct config *config,
                 char reason[POLICY_REASON_MAX]);
void policy_free(struct policy **p);

/* What the rules remember, in memory of fixed size; it outlives every configuration. For any
 * thread. */
err_t policy_state_new(struct policy_state **ret_state);
void policy_state_free(struct policy_state **s);

/* One worker's place at the door. */
struct policy_desk {
    const struct policy *policy;
    struct policy_state *state;
    /* Whether the configuration sends a name somewhere of its own; NULL: it does so with none. */
    bool (*has_route)(void *arg, struct slice name);
    void *arg;
    const struct compose_record *designated; /* SVCB: where clients find us by TLS */
    uint16_t designated_count;
    struct policy_counts counts; /* written by its worker, read by any thread */
};

/* Asks the rules, in their order, until one is against the query; its verdict is the query's then.
 * Rules in shadow mode are asked too, and only noted. */
enum action policy_judge(struct policy_desk *d, enum moment moment, struct query *q,
                         uint64_t now_ns);

/* `q` has its response. */
void policy_note_response(struct policy_desk *d, struct query *q, uint64_t now_ns);

#endif
