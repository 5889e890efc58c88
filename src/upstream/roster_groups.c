/* upstream/roster_groups.c - which servers are in which group, and which names go there.
 *
 * Called by: roster.c (at the load), set.c (which group is asked). The configuration has been
 * checked; but files with suffixes are read again here, and may have changed.
 */
#include "upstream/roster_groups.h"

#include "base/hash.h"
#include "config/config.h"
#include "dns/suffix_set.h"
#include "upstream/group_config.h"
#include "upstream/policy.h"
#include "upstream/route.h"
#include "upstream/route_config.h"
#include "upstream/upstream_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Its index in the roster; `group_count` when there is none. */
static unsigned find_group(const struct roster *r, const char *name)
{
    unsigned i = 0;

    while (i < r->group_count && strcmp(r->groups[i].name, name) != 0)
        i++;
    return i;
}

static void add_group(struct roster *r, const struct group_config *config)
{
    r->groups[r->group_count++] = (struct group_rules){
        .name = config->name,
        .policy = policy_at(config->policy),
        .timeout_ns = config->timeout,
        .deadline_ns = config->deadline,
        .hedge_ns = config->hedge,
        .hedge_budget = config->hedge_budget,
        .fallback = -1,
    };
}

/* The group default comes first, wherever it was written. */
static void add_groups(struct roster *r, bool is_default)
{
    for (size_t i = 0; i < config_count(r->config, &group_section); i++) {
        const struct group_config *config = config_item(r->config, &group_section, i);

        if ((strcmp(config->name, GROUP_DEFAULT) == 0) == is_default)
            add_group(r, config);
    }
}

static void add_members(struct roster *r)
{
    for (size_t i = 0; i < r->upstream_count; i++) {
        const struct upstream_config *config = config_item(r->config, &upstream_section, i);

        r->servers[i].group = find_group(r, config->group);
        r->groups[r->servers[i].group].members |= 1ull << i;
    }
}

/* A group is without servers only when the command line has replaced them all. Then what was meant
 * for it goes to the group default. */
static bool has_members(const struct roster *r, unsigned group)
{
    return r->groups[group].members != 0;
}

static void add_fallbacks(struct roster *r)
{
    for (size_t i = 0; i < config_count(r->config, &group_section); i++) {
        const struct group_config *config = config_item(r->config, &group_section, i);
        unsigned fallback = find_group(r, config->fallback);

        if (fallback < r->group_count && has_members(r, fallback))
            r->groups[find_group(r, config->name)].fallback = (int)fallback;
    }
}

static void tell(void *arg, size_t route, const char *option, const char *text)
{
    (void)route;
    snprintf(arg, ROSTER_REASON_MAX, "route: %s: %s", option, text);
}

static err_t make_routes(struct roster *r, char reason[ROSTER_REASON_MAX])
{
    size_t count = config_count(r->config, &route_section);

    r->group_of_route = calloc(count + 1, sizeof *r->group_of_route);
    if (!r->group_of_route)
        return ERR_NOMEM;
    for (size_t i = 0; i < count; i++) {
        const struct route_config *config = config_item(r->config, &route_section, i);
        unsigned group = find_group(r, config->group);

        r->group_of_route[i] = has_members(r, group) ? group : 0;
    }
    return routes_read(&r->routes, config_item(r->config, &route_section, 0), count, tell, reason);
}

/* A sum over pairs does not depend on their order. */
static void mix(struct roster *r, const char *kind, const char *group, struct slice what)
{
    const struct hash_key none = { 0 };
    const struct hash_key key = { hash_bytes(&none, slice_of(kind, strlen(kind))),
                                  hash_bytes(&none, slice_of(group, strlen(group))) };

    r->routing += hash_bytes(&key, what);
}

static void mix_suffix(void *arg, const struct suffix *suffix)
{
    struct roster *r = arg;

    mix(r, "route", r->groups[r->group_of_route[suffix->value]].name, suffix->name);
}

static void mix_all(struct roster *r)
{
    for (size_t i = 0; i < r->upstream_count; i++)
        mix(r, "server", r->groups[r->servers[i].group].name,
            slice_of(r->servers[i].url, strlen(r->servers[i].url)));
    for (size_t i = 0; i < r->group_count; i++)
        if (r->groups[i].fallback >= 0) {
            const char *name = r->groups[r->groups[i].fallback].name;

            mix(r, "fallback", r->groups[i].name, slice_of(name, strlen(name)));
        }
    if (r->routes)
        suffix_set_walk(r->routes, mix_suffix, r);
}

err_t roster_make_groups(struct roster *r, char reason[ROSTER_REASON_MAX])
{
    r->groups = calloc(config_count(r->config, &group_section), sizeof *r->groups);
    if (!r->groups)
        return ERR_NOMEM;
    r->group_count = 0;
    add_groups(r, true);
    add_groups(r, false);
    add_members(r);
    add_fallbacks(r);
    TRY(make_routes(r, reason));
    mix_all(r);
    return OK;
}

unsigned roster_group_for(const struct roster *r, struct slice qname)
{
    uint32_t route;

    if (!r->routes || !suffix_set_find(r->routes, qname, &route))
        return 0;
    return r->group_of_route[route];
}

bool roster_route_for(const struct roster *r, struct slice qname, struct slice *ret_suffix)
{
    struct suffix suffix;

    if (!r->routes || !suffix_set_match(r->routes, qname, &suffix))
        return false;
    *ret_suffix = suffix.name;
    return true;
}

bool roster_has_route(const struct roster *r, struct slice qname)
{
    struct slice suffix;

    return roster_route_for(r, qname, &suffix) && suffix.len > 1;
}
