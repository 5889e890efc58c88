/* policy/waiting.c - how many questions may wait for an upstream at once.
 *
 * So that many spoofed questions, or one client's, do not take the places of all others while the
 * upstreams are slow. When all places are taken the oldest question goes whose client is not
 * proven: it has had its chance, and a real client comes back by another way. Each worker pushes
 * out its own.
 */
#include "base/headcount.h"
#include "base/prefix.h"
#include "config/config.h"
#include "policy/excess.h"
#include "policy/explain.h"
#include "policy/policy.h"
#include "policy/rule.h"
#include "policy/state.h"

#define CLIENT4 32 /* bits of what counts as one client */
#define CLIENT6 64

struct waiting_rule {
    size_t all, each;
    enum action over;
};

static err_t compile(void *rule, const struct config *config, char reason[POLICY_REASON_MAX])
{
    const struct policy_config *options = config_one(config, &policy_section);
    struct waiting_rule *r = rule;

    reason[0] = '\0'; /* nothing can be wrong */
    r->all = options->waiting;
    r->each = options->waiting_per_client;
    r->over = excess_action(options);
    return OK;
}

static uint8_t bits_for(const struct query *q)
{
    return q->client.any.sa_family == AF_INET6 ? CLIENT6 : CLIENT4;
}

static uint64_t key_of(const struct trial *t, bool is_proven)
{
    return prefix_hash(&t->state->key, &t->query->client, bits_for(t->query), is_proven);
}

static enum action action_for(const struct waiting_rule *r, const struct query *q)
{
    return q->is_proven ? ACTION_CACHE_ONLY : excess_for(r->over, q);
}

static enum action judge(const void *rule, struct trial *t)
{
    const struct waiting_rule *r = rule;
    struct list *oldest;

    t->why = "too many questions of this client wait; the cache alone answers";
    if (headcount_of(t->state->waiting, key_of(t, t->query->is_proven)) >= r->each) {
        t->bits = bits_for(t->query);
        return action_for(r, t->query);
    }
    if (atomic_load_explicit(&t->state->waiting_all, memory_order_relaxed) < r->all)
        return ACTION_PASS;
    t->why = "too many questions wait; the cache alone answers";
    oldest = list_first(&t->desk->waiting);
    if (!oldest)
        return action_for(r, t->query);
    t->instead = LIST_OF(oldest, struct query, place.link);
    return action_for(r, t->instead);
}

static enum action explain(const void *rule, const struct trial *t, const struct explanation *e)
{
    const struct waiting_rule *r = rule;
    size_t all = atomic_load_explicit(&t->state->waiting_all, memory_order_relaxed);
    struct prefix prefix = prefix_of(&t->query->client, bits_for(t->query));
    char text[PREFIX_TEXT_MAX];
    size_t here[2];

    prefix_format(&prefix, text);
    explain_say(e, "all", "%zu of %zu questions wait", all, r->all);
    for (unsigned proven = 0; proven <= 1; proven++) {
        here[proven] = headcount_of(t->state->waiting, key_of(t, proven));
        explain_say(e, text, "%zu of %zu %s wait", here[proven], r->each,
                    proven ? "proven" : "unproven");
    }
    return here[t->query->is_proven] < r->each ? ACTION_PASS : action_for(r, t->query);
}

static void enter(const void *rule, const struct trial *t)
{
    struct query *q = t->query;

    (void)rule;
    q->place.key = key_of(t, q->is_proven);
    q->place.is_taken = true;
    list_init(&q->place.link);
    if (!q->is_proven)
        list_append(&t->desk->waiting, &q->place.link);
    headcount_enter(t->state->waiting, q->place.key);
    atomic_fetch_add_explicit(&t->state->waiting_all, 1, memory_order_relaxed);
}

static void leave(const void *rule, const struct trial *t)
{
    struct query *q = t->query;

    (void)rule;
    if (!q->place.is_taken)
        return;
    q->place.is_taken = false;
    list_remove(&q->place.link);
    headcount_leave(t->state->waiting, q->place.key);
    atomic_fetch_sub_explicit(&t->state->waiting_all, 1, memory_order_relaxed);
}

const struct rule_ops rule_waiting = {
    .name = "waiting",
    .size = sizeof(struct waiting_rule),
    .compile = compile,
    .judge = { [ON_MISS] = judge },
    .explain = explain,
    .on_waits = enter,
    .on_left = leave,
};
