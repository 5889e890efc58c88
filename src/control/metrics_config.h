#ifndef CONTROL_METRICS_CONFIG_H
#define CONTROL_METRICS_CONFIG_H

#include "base/addr.h"
#include "config/schema.h"

struct metrics_config {
#define OPTION OPTION_FIELD
#include "control/metrics_options.def"
#undef OPTION
};

extern const struct section metrics_section;

/* Reads "127.0.0.1:9153" or "[::1]:9153"; ERR_MALFORMED for anything else. */
err_t metrics_config_addr(const char *text, union addr *ret_addr);

#endif
