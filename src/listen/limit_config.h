#ifndef LISTEN_LIMIT_CONFIG_H
#define LISTEN_LIMIT_CONFIG_H

#include "config/schema.h"

struct limit_config {
#define OPTION OPTION_FIELD
#include "listen/limit_options.def"
#undef OPTION
};

extern const struct section limit_section;

#endif
