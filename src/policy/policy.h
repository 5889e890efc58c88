#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include "policy/counts.h"
#include "policy/explain.h"
#include "policy/policy_config.h"
#include "policy/rule.h"

/* The doorman: all rules as one configuration has them. Never changes; shared by the workers. */
struct policy;

/* ERR_NOMEM, or why the configuration cannot be followed, told to a person in `reason`. */
err_t policy_new(struct policy **ret_policy, const struct config *config,
                 char reason[POLICY_REASON_MAX]);
void policy_free(struct policy **p);

/* Whether this client may ask at all, as far as that is in force. */
bool policy_lets_in(const struct policy *p, const union addr *client);

/* What the rules remember, in memory of fixed size; it outlives every configuration. For any
 * thread. */
err_t policy_state_new(struct policy_state **ret_state);
void policy_state_free(struct policy_state **s);

/* One worker's place at the door. */
struct policy_desk {
    const struct policy *policy;
    struct policy_state *state;
    struct policy_counts counts; /* written by its worker, read by any thread */
};

/* Asks the rules, in their order, until one is against the query; its verdict is the query's then.
 * Rules in shadow mode are asked too, and only noted. */
enum action policy_judge(struct policy_desk *d, enum moment moment, struct query *q,
                         uint64_t now_ns);

/* An upstream is asked about `q`, and was not already. */
void policy_note_asked(struct policy_desk *d, struct query *q, uint64_t now_ns);

/* `q` has its response. */
void policy_note_response(struct policy_desk *d, struct query *q, uint64_t now_ns);

/* What a rule would say of a query. */
struct policy_opinion {
    enum policy_mode mode;
    enum moment moment; /* when it would be asked */
    bool is_explained;  /* else it keeps to itself what it would say */
    enum action action;
};

/* Of `q` the rules need the client and the question. From any thread; changes nothing. */
struct policy_opinion policy_explain(const struct policy *p, struct policy_state *s,
                                     enum rule_id rule, struct query *q, uint64_t now_ns,
                                     const struct explanation *e);

#endif
