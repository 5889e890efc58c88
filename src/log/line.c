/* log/line.c - how a line looks, and how it leaves.
 *
 * Called by: log.c's thread. Whatever bytes the details hold, a line stays one line.
 */
#include "log/line.h"

#include "base/clock.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_LEN (6 * LOG_DETAILS_MAX + 512) /* every byte may need six in JSON */

static const char *const level_names[] = { "error", "warning", "info", "debug" };
static const int priorities[] = { LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

static const struct {
    const char *name, *text;
} events[EVENT_COUNT] = {
#define EVENT(name, level, text) [EVENT_##name] = { #name, text },
#define EVENT_EACH               EVENT
#include "log/events.def"
#undef EVENT
#undef EVENT_EACH
};

static void format_time(uint64_t at_ns, char text[32])
{
    time_t seconds = (time_t)(at_ns / NS_PER_S);
    struct tm tm;
    size_t len;

    gmtime_r(&seconds, &tm);
    len = strftime(text, 32, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(text + len, 32 - len, ".%03uZ", (unsigned)(at_ns % NS_PER_S / NS_PER_MS));
}

/* Copies `from` as JSON string contents, or with control characters as '?' for a terminal. */
static void escape(const char *from, bool json, char *to, size_t size)
{
    size_t len = 0;

    for (; *from && len + 8 < size; from++) {
        unsigned char c = (unsigned char)*from;
        bool control = c < 0x20 || c >= 0x7f;

        if (json && control)
            len += (size_t)snprintf(to + len, size - len, "\\u%04x", c);
        else if (json && (c == '"' || c == '\\'))
            len += (size_t)snprintf(to + len, size - len, "\\%c", c);
        else
            to[len++] = control ? '?' : (char)c;
    }
    to[len] = 0;
}

size_t log_line_format(const struct log_line *line, enum log_format format, char *text, size_t size)
{
    char at[32], details[6 * LOG_DETAILS_MAX + 8];
    const char *level = level_names[line->level], *what = events[line->event].text;
    int len;

    format_time(line->at_ns, at);
    escape(line->details, format == LOG_FORMAT_JSON, details, sizeof details);
    if (format == LOG_FORMAT_JSON)
        len = snprintf(text, size,
                       "{\"time\":\"%s\",\"level\":\"%s\",\"event\":\"%s\",\"message\":\"%s\","
                       "\"details\":\"%s\"}\n",
                       at, level, events[line->event].name, what, details);
    else
        len = snprintf(text, size, "%s %s %s: %s%s%s\n", at, level, events[line->event].name, what,
                       details[0] ? ": " : "", details);
    return len < (int)size ? (size_t)len : size - 1;
}

static void write_all(const char *text, size_t len)
{
    while (len > 0) {
        ssize_t written = write(STDERR_FILENO, text, len);

        if (written < 0 && errno != EINTR && errno != EAGAIN)
            return;
        if (written > 0) {
            text += written;
            len -= (size_t)written;
        }
    }
}

/* It brings its own time and level. */
static void write_syslog(const struct log_line *line, enum log_format format)
{
    const char *name = events[line->event].name, *what = events[line->event].text;
    char text[LINE_MAX_LEN];

    if (format == LOG_FORMAT_JSON) {
        log_line_format(line, format, text, sizeof text);
        syslog(LOG_DAEMON | priorities[line->level], "%.*s", (int)strcspn(text, "\n"), text);
        return;
    }
    escape(line->details, false, text, sizeof text);
    syslog(LOG_DAEMON | priorities[line->level], "%s: %s%s%s", name, what, text[0] ? ": " : "",
           text);
}

void log_line_write(const struct log_line *line, const struct log_settings *settings)
{
    char text[LINE_MAX_LEN];
    size_t start = 0;

    if (settings->to == LOG_TO_SYSLOG) {
        write_syslog(line, settings->format);
        return;
    }
    if (settings->to == LOG_TO_JOURNAL) /* sd-daemon(3): the journal takes it for the priority */
        start = (size_t)snprintf(text, sizeof text, "<%d>", priorities[line->level]);
    start += log_line_format(line, settings->format, text + start, sizeof text - start);
    write_all(text, start);
}
