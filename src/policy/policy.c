/* policy/policy.c - the doorman: asks the rules, and remembers who said what.
 *
 * Called by: worker/stages.c, worker/plan.c. Owns: the compiled rules.
 */
#include "policy/policy.h"

#include "base/counter.h"
#include "config/config.h"
#include "policy/policy_config.h"
#include "policy/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RULE(name) extern const struct rule_ops rule_##name;
#include "policy/rules.def"
#undef RULE

static const struct rule_ops *const table[RULE_COUNT] = {
#define RULE(name) &rule_##name,
#include "policy/rules.def"
#undef RULE
};

struct rule {
    enum policy_mode mode;
    void *compiled;
};

struct policy {
    struct rule rules[RULE_COUNT];
};

static enum policy_mode mode_of(const struct policy_config *config, const char *rule)
{
    for (size_t i = 0; i < config->shadow.count; i++)
        if (strcmp(config->shadow.items[i], rule) == 0 && config->mode == MODE_ENFORCE)
            return MODE_SHADOW;
    return (enum policy_mode)config->mode;
}

err_t policy_new(struct policy **ret_policy, const struct config *config,
                 char reason[POLICY_REASON_MAX])
{
    const struct policy_config *options = config_one(config, &policy_section);
    struct policy *p = calloc(1, sizeof *p);
    err_t err = p ? OK : ERR_NOMEM;

    snprintf(reason, POLICY_REASON_MAX, "%s", err_text(ERR_NOMEM));
    for (size_t i = 0; i < RULE_COUNT && err == OK; i++) {
        struct rule *rule = &p->rules[i];

        rule->mode = mode_of(options, table[i]->name);
        rule->compiled = calloc(1, table[i]->size);
        err = rule->compiled ? table[i]->compile(rule->compiled, config, reason) : ERR_NOMEM;
    }
    if (err != OK) {
        policy_free(&p);
        return err;
    }
    *ret_policy = p;
    return OK;
}

void policy_free(struct policy **policy)
{
    struct policy *p = *policy;

    *policy = NULL;
    for (size_t i = 0; p && i < RULE_COUNT; i++) {
        if (p->rules[i].compiled && table[i]->done)
            table[i]->done(p->rules[i].compiled);
        free(p->rules[i].compiled);
    }
    free(p);
}

bool policy_lets_in(const struct policy *p, const union addr *client)
{
    const struct rule *access = &p->rules[RULE_access];
    struct query q = { .client = *client };
    struct trial t = { .query = &q };

    return access->mode != MODE_ENFORCE ||
           table[RULE_access]->judge[ON_CONNECT](access->compiled, &t) == ACTION_PASS;
}

/* Away from the path of those who have done nothing. */
static __attribute__((noinline)) void count(struct policy_counts *c, size_t rule, bool is_shadow,
                                            const struct trial *t)
{
    bool is_v6 = t->query->client.any.sa_family == AF_INET6;

    counter_raise(is_shadow ? &c->rules[rule].shadowed : &c->rules[rule].enforced, 1);
    if (t->bits == 0)
        return;
    limited_note(t->state->limited, (enum rule_id)rule, is_shadow, &t->query->client, t->bits,
                 t->about, t->now_ns);
    if (is_v6)
        counter_raise(is_shadow ? &c->v6[t->bits].shadowed : &c->v6[t->bits].enforced, 1);
    else
        counter_raise(is_shadow ? &c->v4[t->bits].shadowed : &c->v4[t->bits].enforced, 1);
}

/* Notes what rule number `i` says; true when that is the end of it. */
static bool decide(struct policy_desk *d, size_t i, const struct trial *t, enum action action)
{
    struct verdict *v = t->instead ? &t->instead->verdict : &t->query->verdict;
    bool is_shadow = d->policy->rules[i].mode == MODE_SHADOW;

    count(&d->counts, i, is_shadow, t);
    if (is_shadow) {
        if (!v->shadow)
            v->shadow = table[i]->name;
        return false;
    }
    v->action = action;
    v->rule = table[i]->name;
    v->bits = t->bits;
    v->why = t->why;
    if (t->instead)
        d->push_out(d->arg, t->instead);
    return !t->instead;
}

void policy_desk_init(struct policy_desk *d, struct policy_state *state)
{
    *d = (struct policy_desk){ .state = state };
    list_init(&d->waiting);
}

enum action policy_judge(struct policy_desk *d, enum moment moment, struct query *q,
                         uint64_t now_ns)
{
    struct trial t = { .desk = d, .state = d->state, .query = q, .now_ns = now_ns };

    for (size_t i = 0; i < RULE_COUNT; i++) {
        const struct rule *rule = &d->policy->rules[i];
        enum action action;

        if (!table[i]->judge[moment] || rule->mode == MODE_OFF)
            continue;
        t.bits = 0;
        t.about.len = 0;
        t.instead = NULL;
        t.why = NULL;
        action = table[i]->judge[moment](rule->compiled, &t);
        if (action != ACTION_PASS && decide(d, i, &t, action))
            return action;
    }
    return ACTION_PASS;
}

bool policy_admits(struct policy_desk *d, const union addr *client, bool shakes_hands,
                   uint64_t now_ns)
{
    struct query visitor = { .client = *client, .is_proven = true };

    return policy_judge(d, ON_CONNECT, &visitor, now_ns) == ACTION_PASS &&
           (!shakes_hands || policy_judge(d, ON_HANDSHAKE, &visitor, now_ns) == ACTION_PASS);
}

void policy_note_waits(struct policy_desk *d, struct query *q, bool is_asked, uint64_t now_ns)
{
    const struct trial t = { .desk = d, .state = d->state, .query = q, .now_ns = now_ns };

    for (size_t i = 0; i < RULE_COUNT; i++) {
        const struct rule *rule = &d->policy->rules[i];

        if (rule->mode == MODE_OFF)
            continue;
        if (table[i]->on_waits)
            table[i]->on_waits(rule->compiled, &t);
        if (table[i]->on_asked && is_asked)
            table[i]->on_asked(rule->compiled, &t);
    }
}

void policy_note_left(struct policy_desk *d, struct query *q)
{
    const struct trial t = { .desk = d, .state = d->state, .query = q };

    for (size_t i = 0; i < RULE_COUNT; i++)
        if (table[i]->on_left)
            table[i]->on_left(d->policy->rules[i].compiled, &t);
}

void policy_note_response(struct policy_desk *d, struct query *q, uint64_t now_ns)
{
    const struct trial t = { .desk = d, .state = d->state, .query = q, .now_ns = now_ns };

    for (size_t i = 0; i < RULE_COUNT; i++)
        if (table[i]->on_response && d->policy->rules[i].mode != MODE_OFF)
            table[i]->on_response(d->policy->rules[i].compiled, &t);
}

struct policy_opinion policy_explain(const struct policy *p, struct policy_desk *d,
                                     enum rule_id rule, struct query *q, uint64_t now_ns,
                                     const struct explanation *e)
{
    const struct trial t = { .desk = d, .state = d->state, .query = q, .now_ns = now_ns };
    struct policy_opinion opinion = { .mode = p->rules[rule].mode, .moment = ON_QUERY };

    while (opinion.moment + 1 < MOMENT_COUNT && !table[rule]->judge[opinion.moment])
        opinion.moment++;
    opinion.action = table[rule]->explain(p->rules[rule].compiled, &t, e);
    return opinion;
}
