#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include "base/list.h"
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

/* How many questions of clients wait for an upstream. For any thread. */
size_t policy_state_waiting(const struct policy_state *s);

/* One worker's place at the door. */
struct policy_desk {
    const struct policy *policy;
    struct policy_state *state;
    /* Whether the configuration sends a name somewhere of its own; NULL: it does so with none. */
    bool (*has_route)(void *arg, struct slice name);
    /* Whether connections to upstreams carry no more questions like `q`; NULL: they always do. */
    bool (*is_full)(void *arg, const struct query *q);
    /* Ends a query that waits, as its verdict says. */
    void (*push_out)(void *arg, struct query *q);
    void *arg;
    struct list waiting; /* for an upstream: queries of clients who are not proven, oldest first */
    const struct compose_record *designated; /* SVCB: where clients find us by TLS */
    uint16_t designated_count;
    struct policy_counts counts; /* written by its worker, read by any thread */
};

/* Zeroes the rest, too. */
void policy_desk_init(struct policy_desk *d, struct policy_state *state);

/* Asks the rules, in their order, until one is against the query; its verdict is the query's then.
 * Rules in shadow mode are asked too, and only noted. */
enum action policy_judge(struct policy_desk *d, enum moment moment, struct query *q,
                         uint64_t now_ns);

/* Whether somebody may connect at all, and so that TLS follows. */
bool policy_admits(struct policy_desk *d, const union addr *client, bool shakes_hands,
                   uint64_t now_ns);

/* `q` waits for an upstream, which is asked for it, or was asked for others already; and has
 * waited.
 */
void policy_note_waits(struct policy_desk *d, struct query *q, bool is_asked, uint64_t now_ns);
void policy_note_left(struct policy_desk *d, struct query *q);

/* `q` has its response. */
void policy_note_response(struct policy_desk *d, struct query *q, uint64_t now_ns);

/* What a rule would say of a query. */
struct policy_opinion {
    enum policy_mode mode;
    enum moment moment; /* when it would be asked */
    enum action action;
};

/* Of `q` the rules need the client and the question, of the desk `state` and `has_route`. From any
 * thread; changes nothing. */
struct policy_opinion policy_explain(const struct policy *p, struct policy_desk *d,
                                     enum rule_id rule, struct query *q, uint64_t now_ns,
                                     const struct explanation *e);

#endif
