#ifndef CONTROL_CONTROL_CONFIG_H
#define CONTROL_CONTROL_CONFIG_H

#include "config/schema.h"

struct control_config {
#define OPTION OPTION_FIELD
#include "control/options.def"
#undef OPTION
};

extern const struct section control_section;

#endif
