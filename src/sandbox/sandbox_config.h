#ifndef SANDBOX_SANDBOX_CONFIG_H
#define SANDBOX_SANDBOX_CONFIG_H

#include "config/schema.h"

struct sandbox_config {
#define OPTION OPTION_FIELD
#include "sandbox/options.def"
#undef OPTION
};

extern const struct section sandbox_section;

#endif
