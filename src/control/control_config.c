/* control/control_config.c - where dotproxy is asked and told things while it runs. */
#include "control/control_config.h"

#define RECORDER_MIN 65536u

static const struct option_row control_options[] = {
#define OPTION(...) OPTION_ROW(struct control_config, __VA_ARGS__)
#include "control/options.def"
#undef OPTION
};

static void check(const void *items, size_t count, struct loader *to)
{
    const struct control_config *config = items;

    (void)count;
    if (config->recorder > 0 && config->recorder < RECORDER_MIN)
        complain(to, 0, "recorder", "less than %u bytes hold hardly a record; 0 turns it off",
                 RECORDER_MIN);
    if (config->crash_file[0] && config->recorder == 0)
        complain(to, 0, "crash_file", "needs a recorder, whose records it gets");
}

const struct section control_section = {
    .name = "control",
    .doc = "How a running dotproxy is asked and told things.",
    SECTION_OPTIONS(control_options),
    .size = sizeof(struct control_config),
    .check = check,
};
