/* policy/access.c - who may ask at all. */
#include "base/prefix_map.h"
#include "config/config.h"
#include "policy/access_list.h"
#include "policy/explain.h"
#include "policy/rule.h"

#include <stdio.h>

struct access_rule {
    struct prefix_map *clients;
    enum action denied;
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
    return access_list_read(&r->clients, options, note_fault, reason);
}

static void done(void *rule)
{
    prefix_map_free(&((struct access_rule *)rule)->clients);
}

static enum action judge(const void *rule, struct trial *t)
{
    const struct access_rule *r = rule;
    uint32_t value;

    if (prefix_map_find(r->clients, &t->query->client, &value) && access_allows(value))
        return ACTION_PASS;
    return r->denied;
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
        return r->denied;
    }
    prefix = prefix_of(&t->query->client, access_bits(value));
    explain_say(e, "prefix", "%s in %s", prefix_format(&prefix, text),
                sources[access_source(value)]);
    return access_allows(value) ? ACTION_PASS : r->denied;
}

const struct rule_ops rule_access = {
    .name = "access",
    .size = sizeof(struct access_rule),
    .compile = compile,
    .done = done,
    .judge = { [ON_QUERY] = judge, [ON_CONNECT] = judge },
    .explain = explain,
};
