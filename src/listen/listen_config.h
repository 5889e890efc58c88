#ifndef LISTEN_LISTEN_CONFIG_H
#define LISTEN_LISTEN_CONFIG_H

#include "config/schema.h"

struct listen_config {
#define OPTION OPTION_FIELD
#include "listen/options.def"
#undef OPTION
};

extern const struct section listen_section;

#endif
