/* upstream/group_config.c - how the upstreams of a group are asked. */
#include "upstream/group_config.h"

#include <string.h>

static const struct option_row group_options[] = {
#define OPTION(...) OPTION_ROW(struct group_config, __VA_ARGS__)
#include "upstream/group_options.def"
#undef OPTION
};

static const char *const initial[] = { "default" };

static void check(const void *items, size_t count, struct loader *to)
{
    const struct group_config *group = items;

    for (size_t i = 0; i < count; i++) {
        if (strcmp(group[i].name, "default") != 0)
            complain(to, i, "name", "%.60s: there is only the group default so far", group[i].name);
        else if (i > 0)
            complain(to, i, "name", "the group default is written twice; keep one");
        if (group[i].deadline < group[i].timeout)
            complain(to, i, "deadline",
                     "is shorter than timeout; a question takes one attempt at "
                     "least");
    }
}

const struct section group_section = {
    .name = "group",
    .doc = "How the upstreams of a group are asked. There is one group so far, default.",
    SECTION_OPTIONS(group_options),
    SECTION_INITIAL(initial),
    .size = sizeof(struct group_config),
    .is_list = true,
    .check = check,
};
