#ifndef UPSTREAM_ROUTE_CONFIG_H
#define UPSTREAM_ROUTE_CONFIG_H

#include "config/schema.h"

struct route_config {
#define OPTION OPTION_FIELD
#include "upstream/route_options.def"
#undef OPTION
};

extern const struct section route_section;

#endif
