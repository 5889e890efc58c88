#ifndef QUERYLOG_QUERY_LOG_CONFIG_H
#define QUERYLOG_QUERY_LOG_CONFIG_H

#include "config/schema.h"

struct query_log_config {
#define OPTION OPTION_FIELD
#include "querylog/options.def"
#undef OPTION
};

/* In the order of the option's words. */
enum query_log_only { ONLY_ALL, ONLY_DENIED, ONLY_ERRORS };

extern const struct section query_log_section;

struct format_ops;

/* The format that `format` names. */
const struct format_ops *query_log_format(const struct query_log_config *config);

#endif
