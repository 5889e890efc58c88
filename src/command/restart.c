/* command/restart.c - what a reload cannot change: it was opened, or given up, at the start.
 *
 * Called by: service.c.
 */
#include "command/restart.h"

#include "cache/cache_config.h"
#include "config/same.h"
#include "control/control_config.h"
#include "control/metrics_config.h"
#include "sandbox/sandbox_config.h"
#include "worker/worker_config.h"

static const struct {
    const struct section *section;
    const char *key; /* NULL: all of the section */
} fixed[] = {
    { &cache_section, "size" },       { &cache_section, "file" },
    { &worker_section, "user" },      { &control_section, "socket" },
    { &control_section, "recorder" }, { &control_section, "crash_file" },
    { &metrics_section, "listen" },   { &sandbox_section, NULL },
};

static bool is_same(const struct section *section, const char *key, const struct config *before,
                    const struct config *after)
{
    const void *a = config_one(before, section), *b = config_one(after, section);

    return key ? section_option_same(option_find(section, key), a, b)
               : section_item_same(section, a, b);
}

void restart_remarks(const struct config *before, const struct config *after,
                     struct problems *remarks)
{
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) {
        const char *section = fixed[i].section->name, *key = fixed[i].key;
        struct problem *problem;

        if (is_same(fixed[i].section, key, before, after))
            continue;
        problem = problems_add(remarks);
        if (problem)
            problem_set(problem, "%s%s%s", section, section[0] && key ? "." : "", key ? key : "");
    }
}
