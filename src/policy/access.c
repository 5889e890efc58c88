/* policy/access.c - who may ask at all. */
#include "base/prefix_map.h"
#include "config/config.h"
#include "policy/access_list.h"
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
    uint32_t access;

    if (prefix_map_find(r->clients, &t->query->client, &access) && access == ACCESS_ALLOWED)
        return ACTION_PASS;
    return r->denied;
}

const struct rule_ops rule_access = {
    .name = "access",
    .size = sizeof(struct access_rule),
    .compile = compile,
    .done = done,
    .judge = { [ON_QUERY] = judge },
};
