#ifndef LOG_LOG_CONFIG_H
#define LOG_LOG_CONFIG_H

#include "config/schema.h"

/* The choices, in the order of their rows in options.def. */
enum log_config_level {
    LOG_CONFIG_ERROR,
    LOG_CONFIG_WARNING,
    LOG_CONFIG_INFO,
    LOG_CONFIG_DEBUG,
};
enum log_config_to { LOG_CONFIG_STDERR, LOG_CONFIG_SYSLOG, LOG_CONFIG_JOURNAL };
enum log_config_format { LOG_CONFIG_TEXT, LOG_CONFIG_JSON };

struct log_config {
#define OPTION OPTION_FIELD
#include "log/options.def"
#undef OPTION
};

extern const struct section log_section;

#endif
