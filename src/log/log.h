#ifndef LOG_LOG_H
#define LOG_LOG_H

#include "base/err.h"

#include <stdint.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

enum log_event {
#define EVENT(name, level, text) EVENT_##name,
#define EVENT_EACH               EVENT
#include "log/events.def"
#undef EVENT
#undef EVENT_EACH
    EVENT_COUNT
};

enum log_target { LOG_TO_STDERR, LOG_TO_SYSLOG, LOG_TO_JOURNAL };
enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

struct log_settings {
    enum log_level level;
    enum log_target to;
    enum log_format format;
};

/* Starts the thread that writes; what is logged before goes nowhere. */
err_t log_start(const struct log_settings *settings);

/* Changes the settings of a log that runs. */
void log_change(const struct log_settings *settings);

/* Writes what is left, for a second at most, and ends the thread. */
void log_stop(void);

/* Says that `event` happened, with details in printf's format ("upstream=%s"). From any thread,
 * never waits: when nobody takes the lines they are counted as lost, and the log says so. */
void log_event(enum log_event event, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A once-a-minute gate for an event that may come with every query. */
struct log_gate {
    _Atomic uint64_t open_at_ns;
    _Atomic uint64_t held_back;
};

/* Whether to log now; then `ret_held_back` tells how often the answer was no since the last time.
 */
_Bool log_gate_opens(struct log_gate *gate, uint64_t now_ns, uint64_t *ret_held_back);

#endif
