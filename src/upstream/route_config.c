/* upstream/route_config.c - which group is asked about which names. */
#include "upstream/route_config.h"

#include "dns/suffix_set.h"
#include "upstream/group_config.h"
#include "upstream/route.h"

static const struct option_row route_options[] = {
#define OPTION(...) OPTION_ROW(struct route_config, __VA_ARGS__)
#include "upstream/route_options.def"
#undef OPTION
};

static void tell(void *arg, size_t route, const char *option, const char *text)
{
    complain(arg, route, option, "%s", text);
}

static void check(const void *items, size_t count, struct loader *to)
{
    const struct route_config *route = items;
    struct suffix_set *set;

    for (size_t i = 0; i < count; i++) {
        if (route[i].suffix.count == 0 && route[i].suffix_file[0] == '\0')
            complain(to, i, NULL, "has no names; write suffix or suffix_file");
        group_check_name(to, i, "group", route[i].group);
    }
    if (routes_read(&set, route, count, tell, to) == OK)
        suffix_set_free(&set);
}

const struct section route_section = {
    .name = "route",
    .doc = "Which group is asked about which names. All others go to the group default.",
    SECTION_OPTIONS(route_options),
    .size = sizeof(struct route_config),
    .is_list = true,
    .check = check,
};
