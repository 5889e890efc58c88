/* policy/waiting.c - how many questions may wait for an upstream at once.
 *
 * So that many spoofed questions, or one client's, do not take the places of all others while the
 * upstreams are slow, or the servers of a domain are silent. When all places are taken, here or on
 * the connections to upstreams, the oldest question goes whose client is not proven: it has had its
 * chance, and a real client comes back by another way. Each worker pushes out its own.
 */
#include "base/headcount.h"
#include "base/prefix.h"
#include "config/config.h"
#include "policy/domain.h"
#include "policy/excess.h"
#include "policy/explain.h"
#include "policy/policy.h"
#include "policy/rule.h"
#include "policy/state.h"

#define CLIENT4 32 /* bits of what counts as one client */
#define CLIENT6 64

struct waiting_rule {
    size_t all, each_client, each_domain;
    enum action over;
};

static err_t compile(void *rule, const struct config *config, char reason[POLICY_REASON_MAX])
{
    const struct policy_config *options = config_one(config, &policy_section);
    struct waiting_rule *r = rule;

    reason[0] = '\0'; /* nothing can be wrong */
    r->all = options->waiting;
    r->each_client = options->waiting_per_client;
    r->each_domain = options->waiting_per_domain;
    r->over = excess_action(options);
    return OK;
}

static uint8_t bits_for(const struct query *q)
{
    return q->client.any.sa_family == AF_INET6 ? CLIENT6 : CLIENT4;
}

static uint64_t client_of(const struct trial *t, bool is_proven)
{
    return prefix_hash(&t->state->key, &t->query->client, bits_for(t->query), is_proven);
}

static uint64_t key_of_domain(const struct trial *t, bool is_proven)
{
    return domain_hash(&t->state->key, domain_of(t->query), is_proven);
}

static enum action action_for(const struct waiting_rule *r, const struct query *q)
{
    return q->is_proven ? ACTION_CACHE_ONLY : excess_for(r->over, q);
}

/* The oldest one makes room, if there is one. */
static enum action push_out(const struct waiting_rule *r, struct trial *t)
{
    t->instead = LIST_OF(list_first(&t->desk->waiting), struct query, place.link);
    return action_for(r, t->instead);
}

/* Who would have to wait behind silence, for no connection carries more, takes the place of who has
 * waited longest. */
static bool is_full(const struct trial *t)
{
    return t->desk->is_full && t->desk->is_full(t->desk->arg, t->query);
}

static enum action judge(const void *rule, struct trial *t)
{
    const struct waiting_rule *r = rule;
    struct query *q = t->query;
    const struct headcount *waiting = t->state->waiting;
    bool can_push_out = !list_is_empty(&t->desk->waiting);

    q->place.client = client_of(t, q->is_proven);
    q->place.domain = key_of_domain(t, q->is_proven);
    if (headcount_of(waiting, q->place.client) >= r->each_client) {
        t->bits = bits_for(q);
        t->why = "too many questions of this client wait; the cache alone answers";
        return action_for(r, q);
    }
    if (headcount_of(waiting, q->place.domain) >= r->each_domain) {
        t->why = "too many questions below this domain wait; the cache alone answers";
        return action_for(r, q);
    }
    if (atomic_load_explicit(&t->state->waiting_all, memory_order_relaxed) >= r->all) {
        t->why = "too many questions wait; the cache alone answers";
        return can_push_out ? push_out(r, t) : action_for(r, q);
    }
    return can_push_out && is_full(t) ? push_out(r, t) : ACTION_PASS;
}

/* Whether one more of the query's kind has room. */
static bool explain_key(const struct explanation *e, const struct trial *t, const char *what,
                        uint64_t (*key_of)(const struct trial *t, bool is_proven), size_t max)
{
    size_t here[2];

    for (unsigned proven = 0; proven <= 1; proven++) {
        here[proven] = headcount_of(t->state->waiting, key_of(t, proven));
        explain_say(e, what, "%zu of %zu %s wait", here[proven], max,
                    proven ? "proven" : "unproven");
    }
    return here[t->query->is_proven] < max;
}

static enum action explain(const void *rule, const struct trial *t, const struct explanation *e)
{
    const struct waiting_rule *r = rule;
    size_t all = atomic_load_explicit(&t->state->waiting_all, memory_order_relaxed);
    struct prefix prefix = prefix_of(&t->query->client, bits_for(t->query));
    char client[PREFIX_TEXT_MAX], domain[DNS_NAME_TEXT_MAX] = "";
    bool has_room;

    prefix_format(&prefix, client);
    name_to_text(domain_of(t->query), domain, sizeof domain);
    explain_say(e, "all", "%zu of %zu questions wait", all, r->all);
    has_room = explain_key(e, t, client, client_of, r->each_client);
    has_room &= explain_key(e, t, domain, key_of_domain, r->each_domain);
    return has_room ? ACTION_PASS : action_for(r, t->query);
}

static void enter(const void *rule, const struct trial *t)
{
    struct query *q = t->query;

    (void)rule;
    q->place.is_taken = true;
    list_init(&q->place.link);
    if (!q->is_proven)
        list_append(&t->desk->waiting, &q->place.link);
    headcount_enter(t->state->waiting, q->place.client);
    headcount_enter(t->state->waiting, q->place.domain);
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
    headcount_leave(t->state->waiting, q->place.client);
    headcount_leave(t->state->waiting, q->place.domain);
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
