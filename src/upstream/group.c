/* upstream/group.c - who is asked: the members of a group that are well, by its policy.
 *
 * Called by: flight.c. A group that has nobody well falls back on another; when nobody is well
 * anywhere, those who failed are asked all the same.
 */
#include "upstream/group.h"

#include "base/clock.h"
#include "base/random.h"
#include "io/loop.h"
#include "upstream/roster.h"
#include "upstream/set.h"

#define CREDIT_START 300 /* hundredths: a quiet house may hedge too */
#define CREDIT_MAX   1000
#define HEDGE        100

#define DELAY_UNKNOWN_NS (100 * NS_PER_MS)
#define DELAY_MIN_NS     (8 * NS_PER_MS) /* two ticks of the wheel */

void group_init(struct group *g, const struct group_rules *rules)
{
    *g = (struct group){ .rules = rules, .credit = rules->hedge_budget ? CREDIT_START : 0 };
}

static struct group *fallback_of(const struct flight *f, const struct group *g)
{
    if (g->rules->fallback < 0)
        return NULL;
    return &f->set->groups[g->rules->fallback]; /* NOLINT(clang-analyzer-*): it is in a set */
}

/* Where any upstream will do, a question does not wait for one that has no connection yet: it is
 * asked of another, and a copy of it makes the first one ready. */
static struct upstream *pick(const struct flight *f, struct group *g, uint64_t among)
{
    struct upstream_set *s = f->set;
    const struct policy_ops *policy = g->rules->policy;
    struct choice choice = { .candidates = s->candidates,
                             .among = among,
                             .name = flight_name(f),
                             .random = s->context->random,
                             .turn = &g->turn };
    unsigned index;

    if ((among & (among - 1)) == 0)
        return &s->upstreams[__builtin_ctzll(among)];
    index = policy->pick(&choice);
    if (policy->any_will_do && !(s->ready >> index & 1) && (among & s->ready)) {
        set_probes(s, f, &s->upstreams[index]);
        choice.among = among & s->ready;
        index = policy->pick(&choice);
    }
    return &s->upstreams[index];
}

struct upstream *group_choose_well(const struct flight *f, uint64_t tried)
{
    for (struct group *g = f->group; g; g = fallback_of(f, g)) {
        uint64_t among = g->rules->members & ~tried & f->set->well;

        if (among)
            return pick(f, g, among);
    }
    return NULL;
}

static unsigned foresee(const struct upstream_set *s, const struct group *g, uint64_t among,
                        struct slice name)
{
    struct random random = *s->context->random;
    unsigned turn = g->turn, index;
    struct choice choice = {
        .candidates = s->candidates, .among = among, .name = name, .random = &random, .turn = &turn
    };

    if ((among & (among - 1)) == 0)
        return (unsigned)__builtin_ctzll(among);
    index = g->rules->policy->pick(&choice);
    if (!g->rules->policy->any_will_do || (s->ready >> index & 1) || !(among & s->ready))
        return index;
    choice.among = among & s->ready;
    return g->rules->policy->pick(&choice);
}

const struct upstream *group_foresee(const struct upstream_set *s, unsigned group,
                                     struct slice name)
{
    for (int i = (int)group; i >= 0; i = s->groups[i].rules->fallback) {
        uint64_t among = s->groups[i].rules->members & s->well;

        if (among)
            return &s->upstreams[foresee(s, &s->groups[i], among, name)];
    }
    return NULL;
}

/* Whose turn to be tried is sooner; nobody knows when that of one without an address is. */
static bool is_sooner(const struct upstream *a, const struct upstream *b)
{
    if (server_has_address(a->server) != server_has_address(b->server))
        return server_has_address(a->server);
    return a->health.retry_at_ns < b->health.retry_at_ns;
}

/* The one that may be tried again first. */
static struct upstream *choose_soonest(const struct flight *f, uint64_t tried)
{
    struct upstream *soonest = NULL;

    for (struct group *g = f->group; g; g = fallback_of(f, g))
        for (uint64_t left = g->rules->members & ~tried; left; left &= left - 1) {
            struct upstream *u = &f->set->upstreams[__builtin_ctzll(left)];

            if (!soonest || is_sooner(u, soonest))
                soonest = u;
        }
    return soonest;
}

struct upstream *group_choose(const struct flight *f, uint64_t tried)
{
    struct upstream *u = group_choose_well(f, tried);

    return u ? u : choose_soonest(f, tried);
}

void group_probe_failed(const struct flight *f)
{
    uint64_t now_ns = loop_now_ns(f->set->context->loop);

    for (struct group *g = f->group; g; g = fallback_of(f, g))
        for (uint64_t left = g->rules->members & ~f->set->well; left; left &= left - 1) {
            struct upstream *u = &f->set->upstreams[__builtin_ctzll(left)];

            if (health_wants_probe(&u->health, now_ns) && !flight_asks(f, u))
                set_probes(f->set, f, u);
        }
}

void group_earns(struct group *g)
{
    g->credit += g->rules->hedge_budget;
    if (g->credit > CREDIT_MAX)
        g->credit = CREDIT_MAX;
}

bool group_pays(struct group *g)
{
    if (g->credit < HEDGE)
        return false;
    g->credit -= HEDGE;
    return true;
}

uint64_t group_hedge_delay(const struct group *g, const struct upstream *u)
{
    uint64_t delay_ns = u->latency.p95_ns;

    if (g->rules->hedge_ns != 0)
        return g->rules->hedge_ns;
    if (delay_ns == 0)
        return DELAY_UNKNOWN_NS;
    return delay_ns > DELAY_MIN_NS ? delay_ns : DELAY_MIN_NS;
}
