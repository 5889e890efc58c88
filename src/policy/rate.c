/* policy/rate.c - how many queries a client may send, and the networks that it is in.
 *
 * Each prefix has a bucket of tokens; whose address is proven draws from another one than those
 * who may be anybody, so that a spoofed flood takes nothing from real clients behind the same
 * address. A response to somebody unproven costs by its length: it may hit a victim.
 */
#include "base/gcra.h"
#include "base/prefix.h"
#include "config/config.h"
#include "policy/excess.h"
#include "policy/explain.h"
#include "policy/prefix_lengths.h"
#include "policy/rule.h"
#include "policy/state.h"

#include <stdio.h>

#define RESPONSE_BYTES 512 /* for one token more */

struct level {
    uint8_t bits;
    struct gcra_rate unproven, proven;
};

struct levels {
    struct level items[PREFIX_LENGTHS_MAX];
    size_t count;
};

struct rate_rule {
    struct levels v4, v6;
    enum action over;
};

static void set_levels(struct levels *l, const struct prefix_lengths *lengths,
                       const struct policy_config *options)
{
    l->count = options->rate ? lengths->count : 0;
    for (size_t i = 0; i < l->count; i++) {
        uint64_t multiple = lengths->items[i].multiple, proven = multiple * options->verified;

        l->items[i].bits = lengths->items[i].bits;
        l->items[i].unproven = gcra_rate_of(options->rate * multiple, options->burst * multiple);
        l->items[i].proven = gcra_rate_of(options->rate * proven, options->burst * proven);
    }
}

static err_t compile(void *rule, const struct config *config, char reason[POLICY_REASON_MAX])
{
    const struct policy_config *options = config_one(config, &policy_section);
    struct rate_rule *r = rule;
    struct prefix_lengths v4, v6;
    const char *fault = prefix_lengths_read_both(options, &v4, &v6);

    if (fault) {
        snprintf(reason, POLICY_REASON_MAX, "limit: a list of prefix lengths %s", fault);
        return ERR_CONFIG;
    }
    set_levels(&r->v4, &v4, options);
    set_levels(&r->v6, &v6, options);
    r->over = excess_action(options);
    return OK;
}

static const struct levels *levels_for(const struct rate_rule *r, const struct trial *t)
{
    return t->query->client.any.sa_family == AF_INET6 ? &r->v6 : &r->v4;
}

static const struct gcra_rate *rate_for(const struct level *level, const struct trial *t)
{
    return t->query->is_proven ? &level->proven : &level->unproven;
}

static uint64_t key_of(const struct level *level, const struct trial *t)
{
    return prefix_hash(&t->state->key, &t->query->client, level->bits,
                       t->query->is_proven ? RATE_OF_PROVEN : RATE_OF_UNPROVEN);
}

/* A cookie is longer than half of one, so that a forger would gain by asking for it: as many are
 * given as queries are let in. A real client needs one. */
static enum action excess(const struct rate_rule *r, const struct level *level, struct trial *t)
{
    enum action action = excess_for(r->over, t->query);
    uint64_t key = prefix_hash(&t->state->key, &t->query->client, level->bits, RATE_OF_COOKIES);

    if (action != ACTION_BADCOOKIE || t->query->asked.edns.cookie.len >= COOKIE_SIZE ||
        gcra_take(t->state->rates, key, &level->unproven, 1, t->now_ns))
        return action;
    return r->over;
}

/* All buckets are looked into before a token is taken from any: a query that is not let in costs
 * its client nothing. */
static enum action judge(const void *rule, struct trial *t)
{
    const struct rate_rule *r = rule;
    const struct levels *levels = levels_for(r, t);
    struct gcra *rates = t->state->rates;
    uint64_t keys[PREFIX_LENGTHS_MAX];
    struct gcra_bid bids[PREFIX_LENGTHS_MAX];

    for (size_t i = 0; i < levels->count; i++) {
        const struct level *level = &levels->items[i];

        keys[i] = key_of(level, t);
        if (gcra_look(rates, keys[i], rate_for(level, t), t->now_ns, &bids[i]))
            continue;
        t->bits = level->bits;
        return excess(r, level, t);
    }
    for (size_t i = 0; i < levels->count; i++)
        gcra_pay(rates, keys[i], rate_for(&levels->items[i], t), t->now_ns, &bids[i]);
    return ACTION_PASS;
}

/* Whether there is a token for the query. */
static bool explain_level(const struct level *level, const struct trial *t,
                          const struct explanation *e)
{
    const union addr *client = &t->query->client;
    struct prefix prefix = prefix_of(client, level->bits);
    char text[PREFIX_TEXT_MAX];
    bool has_token[2];

    prefix_format(&prefix, text);
    for (unsigned proven = 0; proven <= 1; proven++)
        has_token[proven] = explain_bucket(
            e, t->state->rates, prefix_hash(&t->state->key, client, level->bits, proven),
            proven ? &level->proven : &level->unproven, t->now_ns, text, proven);
    return has_token[t->query->is_proven];
}

static enum action explain(const void *rule, const struct trial *t, const struct explanation *e)
{
    const struct rate_rule *r = rule;
    const struct levels *levels = levels_for(r, t);
    enum action action = ACTION_PASS;

    if (levels->count == 0)
        explain_say(e, "limit", "there is none for clients of this family");
    for (size_t i = 0; i < levels->count; i++)
        if (!explain_level(&levels->items[i], t, e))
            action = r->over;
    return action;
}

static void charge(const void *rule, const struct trial *t)
{
    const struct levels *levels = levels_for(rule, t);
    unsigned cost = (unsigned)(t->query->response.len / RESPONSE_BYTES);

    if (cost == 0 || t->query->is_proven)
        return;
    for (size_t i = 0; i < levels->count; i++)
        gcra_owe(t->state->rates, key_of(&levels->items[i], t), &levels->items[i].unproven, cost,
                 t->now_ns);
}

const struct rule_ops rule_rate = {
    .name = "rate",
    .size = sizeof(struct rate_rule),
    .compile = compile,
    .judge = { [ON_QUERY] = judge },
    .explain = explain,
    .on_response = charge,
};
