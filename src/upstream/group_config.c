/* upstream/group_config.c - how the upstreams of a group are asked. */
#include "upstream/group_config.h"

#include "config/nearest.h"
#include "upstream/bootstrap_config.h"
#include "upstream/upstream_config.h"

#include <string.h>

static const struct option_row group_options[] = {
#define OPTION(...) OPTION_ROW(struct group_config, __VA_ARGS__)
#include "upstream/group_options.def"
#undef OPTION
};

static const char *const initial[] = { GROUP_DEFAULT };

/* Its index; `count` when there is none. */
static size_t find(const struct group_config *group, size_t count, const char *name)
{
    size_t i = 0;

    while (i < count && strcmp(group[i].name, name) != 0)
        i++;
    return i;
}

void group_check_name(struct loader *to, size_t item, const char *option, const char *name)
{
    size_t count = 0;
    const struct group_config *group = peer_items(to, &group_section, &count);
    struct nearest n = nearest_to(name);

    if (!group || find(group, count, name) < count)
        return;
    for (size_t i = 0; i < count; i++)
        nearest_offer(&n, group[i].name);
    if (n.best)
        complain(to, item, option, "%.60s is no group; did you mean %s?", name, n.best);
    else
        complain(to, item, option, "%.60s is no group; write it under `group`, as `- name: %.60s`",
                 name, name);
}

static void check_name(const struct group_config *group, size_t i, struct loader *to)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    const char *name = group[i].name;

    if (name[0] == '\0')
        complain(to, i, "name", "is empty; write letters, digits, - and _");
    else if (name[strspn(name, allowed)])
        complain(to, i, "name", "%.60s: a name has letters, digits, - and _ only", name);
    else if (strcmp(name, BOOTSTRAP_GROUP) == 0)
        complain(to, i, "name",
                 "bootstrap is what the servers under `bootstrap` are called; write another");
    else if (find(group, i, name) < i)
        complain(to, i, "name", "the group %.60s is written twice; keep one", name);
}

/* Whether the fallbacks lead from `i` back to it, and it is the first of those on the way. */
static bool begins_circle(const struct group_config *group, size_t count, size_t i)
{
    size_t at = i;

    for (size_t steps = 0; steps < count; steps++) {
        at = find(group, count, group[at].fallback);
        if (at == i)
            return true;
        if (at == count || at < i)
            return false;
    }
    return false;
}

static void check_fallback(const struct group_config *group, size_t count, size_t i,
                           struct loader *to)
{
    const char *fallback = group[i].fallback;

    if (fallback[0] == '\0')
        return;
    if (find(group, count, fallback) == count)
        group_check_name(to, i, "fallback", fallback);
    else if (begins_circle(group, count, i))
        complain(to, i, "fallback",
                 "leads from %.60s to %.60s and back again; one of them must end it", group[i].name,
                 fallback);
}

/* Upstreams of the command line replace those of the file, and then serve for all its groups. */
static void check_members(const struct group_config *group, size_t i, struct loader *to)
{
    size_t count = 0;
    const struct upstream_config *upstream = peer_items(to, &upstream_section, &count);

    if (!upstream || is_from_flags(to, &upstream_section))
        return;
    for (size_t j = 0; j < count; j++)
        if (strcmp(upstream[j].group, group[i].name) == 0)
            return;
    complain(to, i, NULL, "no upstream is in the group %.60s; write `group: %.60s` for one",
             group[i].name, group[i].name);
}

static void check(const void *items, size_t count, struct loader *to)
{
    const struct group_config *group = items;

    if (count > UPSTREAMS_MAX) {
        complain(to, UPSTREAMS_MAX, NULL, "there may be %d groups at most", UPSTREAMS_MAX);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        check_name(group, i, to);
        check_fallback(group, count, i, to);
        check_members(group, i, to);
        if (group[i].deadline < group[i].timeout)
            complain(to, i, "deadline",
                     "is shorter than timeout; a question takes one attempt at "
                     "least");
    }
}

const struct section group_section = {
    .name = "group",
    .doc = "How the upstreams of a group are asked. The group default is always there, written or "
           "not; it is asked about all names that no route sends elsewhere.",
    SECTION_OPTIONS(group_options),
    SECTION_INITIAL(initial),
    .size = sizeof(struct group_config),
    .is_list = true,
    .keeps_default = true,
    .check = check,
};
