#ifndef CACHE_CACHE_CONFIG_H
#define CACHE_CACHE_CONFIG_H

#include "config/schema.h"

struct cache_config {
#define OPTION OPTION_FIELD
#include "cache/options.def"
#undef OPTION
};

extern const struct section cache_section;

#endif
