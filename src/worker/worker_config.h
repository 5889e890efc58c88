#ifndef WORKER_WORKER_CONFIG_H
#define WORKER_WORKER_CONFIG_H

#include "config/schema.h"

struct worker_config {
#define OPTION OPTION_FIELD
#include "worker/options.def"
#undef OPTION
};

extern const struct section worker_section;

#endif
