/* policy/access.c - who may ask at all.
 *
 * Over UDP most of those who may not are forged: it is a victim that would hear of each refusal,
 * which is a little longer than the query. So there is a rate for these.
 */
#include "base/gcra.h"
#include "base/prefix_map.h"
#include "config/config.h"
#include "policy/access_list.h"
#include "policy/explain.h"
#include "policy/rule.h"
#include "policy/state.h"

#include <stdio.h>

#define REFUSALS_A_SECOND 100 /* to one network, over UDP */
#define REFUSALS_AT_ONCE  500
#define NETWORK4          24
#define NETWORK6          48

struct access_rule {
    struct prefix_map *clients;
    enum action denied;
    struct gcra_rate refusals;
};

/* The configuration has been checked, but files change. */
static void note_fault(void *arg, const char *option, const char *text)
{
    snprintf(arg, POLICY_REASON_MAX, "limit.%s: %s", option, text);
}

static err_t compile(void *rule, const struct config *config, char reason[POLICY_REASON_MAX])
{
    static const enum action denied[] = { ACTION_REFUSE, ACTION_DROP };
    const struct policy_config *options = config_one(config, &policy_section);
    struct access_rule *r = rule;

    r->denied = denied[options->denied];
    r->refusals = gcra_rate_of(REFUSALS_A_SECOND, REFUSALS_AT_ONCE);
    return access_list_read(&r->clients, options, note_fault, reason);
}

static void done(void *rule)
{
    prefix_map_free(&((struct access_rule *)rule)->clients);
}

static bool is_allowed(const struct access_rule *r, const struct trial *t)
{
    uint32_t value;

    return prefix_map_find(r->clients, &t->query->client, &value) && access_allows(value);
}

static enum action judge_connection(const void *rule, struct trial *t)
{
    return is_allowed(rule, t) ? ACTION_PASS : ((const struct access_rule *)rule)->denied;
}

static uint64_t key_of(const struct trial *t)
{
    const union addr *client = &t->query->client;

    return prefix_hash(&t->state->key, client,
                       client->any.sa_family == AF_INET6 ? NETWORK6 : NETWORK4, RATE_OF_REFUSALS);
}

static enum action judge(const void *rule, struct trial *t)
{
    const struct access_rule *r = rule;

    if (is_allowed(r, t))
        return ACTION_PASS;
    if (r->denied != ACTION_REFUSE || t->query->is_proven)
        return r->denied;
    return gcra_take(t->state->rates, key_of(t), &r->refusals, 1, t->now_ns) ? ACTION_REFUSE
                                                                             : ACTION_DROP;
}

/* What becomes of somebody who may not ask. */
static enum action explain_denied(const struct access_rule *r, const struct trial *t,
                                  const struct explanation *e)
{
    if (r->denied != ACTION_REFUSE || t->query->is_proven ||
        gcra_left(t->state->rates, key_of(t), &r->refusals, t->now_ns) > 0)
        return r->denied;
    explain_say(e, "refusals", "more than %d a second, to its network", REFUSALS_A_SECOND);
    return ACTION_DROP;
}

static enum action explain(const void *rule, const struct trial *t, const struct explanation *e)
{
    static const char *const sources[] = {
        [IN_ALLOW] = "limit.allow",
        [IN_ALLOW_FILE] = "limit.allow_file",
        [IN_DENY] = "limit.deny",
        [IN_DENY_FILE] = "limit.deny_file",
        [IN_DEFAULT] = "the private ranges, because limit.allow is empty",
    };
    const struct access_rule *r = rule;
    char text[PREFIX_TEXT_MAX];
    struct prefix prefix;
    uint32_t value;

    if (!prefix_map_find(r->clients, &t->query->client, &value)) {
        explain_say(e, "prefix", "no prefix in limit.allow or limit.deny covers the client");
        return explain_denied(r, t, e);
    }
    prefix = prefix_of(&t->query->client, access_bits(value));
    explain_say(e, "prefix", "%s in %s", prefix_format(&prefix, text),
                sources[access_source(value)]);
    return access_allows(value) ? ACTION_PASS : explain_denied(r, t, e);
}

const struct rule_ops rule_access = {
    .name = "access",
    .size = sizeof(struct access_rule),
    .compile = compile,
    .done = done,
    .judge = { [ON_QUERY] = judge, [ON_CONNECT] = judge_connection },
    .explain = explain,
};
