/* cache/cache_config.c - how much is remembered, and for how long. */
#include "cache/cache_config.h"

static const struct option_row cache_options[] = {
#define OPTION(...) OPTION_ROW(struct cache_config, __VA_ARGS__)
#include "cache/options.def"
#undef OPTION
};

static void check_ttls(const void *items, size_t count, struct loader *to)
{
    const struct cache_config *config = items;

    for (size_t i = 0; i < count; i++)
        if (config[i].min_ttl > config[i].max_ttl)
            complain(to, i, "min_ttl", "it is above max_ttl");
}

const struct section cache_section = {
    .name = "cache",
    .doc = "How much is remembered, and for how long.",
    SECTION_OPTIONS(cache_options),
    .size = sizeof(struct cache_config),
    .check = check_ttls,
};
