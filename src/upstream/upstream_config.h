#ifndef UPSTREAM_UPSTREAM_CONFIG_H
#define UPSTREAM_UPSTREAM_CONFIG_H

#include "config/schema.h"

#define UPSTREAMS_MAX 64 /* a flight remembers in one word which of them it has tried */

struct upstream_config {
#define OPTION OPTION_FIELD
#include "upstream/options.def"
#undef OPTION
};

extern const struct section upstream_section;

#endif
