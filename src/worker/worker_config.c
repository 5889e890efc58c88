/* worker/worker_config.c - the keys at the top of the configuration. */
#include "worker/worker_config.h"

static const struct option_row worker_options[] = {
#define OPTION(...) OPTION_ROW(struct worker_config, __VA_ARGS__)
#include "worker/options.def"
#undef OPTION
};

const struct section worker_section = {
    .name = "",
    .doc = "What all of the process shares.",
    SECTION_OPTIONS(worker_options),
    .size = sizeof(struct worker_config),
};
