#ifndef UPSTREAM_GROUP_CONFIG_H
#define UPSTREAM_GROUP_CONFIG_H

#include "config/schema.h"

struct group_config {
#define OPTION OPTION_FIELD
#include "upstream/group_options.def"
#undef OPTION
};

extern const struct section group_section;

#endif
