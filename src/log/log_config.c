/* log/log_config.c - what the operator wants to read, and where. */
#include "log/log_config.h"

static const struct option_row log_options[] = {
#define OPTION(...) OPTION_ROW(struct log_config, __VA_ARGS__)
#include "log/options.def"
#undef OPTION
};

const struct section log_section = {
    .name = "log",
    .doc = "Messages about the state of dotproxy.",
    SECTION_OPTIONS(log_options),
    .size = sizeof(struct log_config),
};
