/* listen/limit_config.c - how much of this house clients may take up. */
#include "listen/limit_config.h"

static const struct option_row limit_options[] = {
#define OPTION(...) OPTION_ROW(struct limit_config, __VA_ARGS__)
#include "listen/limit_options.def"
#undef OPTION
};

const struct section limit_section = {
    .name = "limit",
    .doc = "How much clients may take up.",
    SECTION_OPTIONS(limit_options),
    .size = sizeof(struct limit_config),
};
