/* control/control_config.c - where dotproxy is asked and told things while it runs. */
#include "control/control_config.h"

static const struct option_row control_options[] = {
#define OPTION(...) OPTION_ROW(struct control_config, __VA_ARGS__)
#include "control/options.def"
#undef OPTION
};

const struct section control_section = {
    .name = "control",
    .doc = "How a running dotproxy is asked and told things.",
    SECTION_OPTIONS(control_options),
    .size = sizeof(struct control_config),
};
