#ifndef LOG_LINE_H
#define LOG_LINE_H

#include "log/log.h"

#include <stddef.h>

#define LOG_DETAILS_MAX 1536

/* One line before it is written. */
struct log_line {
    enum log_event event;
    enum log_level level;
    uint64_t at_ns; /* since 1970, UTC */
    char details[LOG_DETAILS_MAX];
};

/* Writes the line where `settings` says; waits for a reader who is slow. */
void log_line_write(const struct log_line *line, const struct log_settings *settings);

/* The line as it is written, with its newline. Returns its length, at most `size` - 1. */
size_t log_line_format(const struct log_line *line, enum log_format format, char *text,
                       size_t size);

#endif
