/* control/report.c - one response in two forms: lines for people, an object for machines.
 *
 * Called by: everything that answers a request. Whatever bytes a text holds, no terminal obeys
 * them.
 */
#include "control/report.h"

#include "base/clock.h"
#include "config/utf8.h"
#include "config/value_print.h"

#include <stdarg.h>

static void put_plain(struct report *r, const char *text)
{
    struct slice rest = slice_of(text, strlen(text));

    while (rest.len > 0) {
        uint32_t c;
        size_t len = utf8_read(rest, &c);

        if (len > 0 && utf8_is_printable(c))
            fwrite(rest.data, 1, len, r->out);
        else
            putc('?', r->out);
        rest = slice_after(rest, len ? len : 1);
    }
}

static void begin_json_field(struct report *r, const char *key, bool is_first)
{
    const char *before = !r->is_begun ? "{" : is_first ? "" : ",";

    fprintf(r->out, "%s\"%s\":", before, key);
    r->is_begun = true;
}

static void begin_line(struct report *r, const char *key)
{
    int indent = 2 * r->depth;

    if (r->object)
        fprintf(r->out, "%*s%s\n", indent - 2, "", r->object);
    r->object = NULL;
    if (r->width > 0)
        fprintf(r->out, "%*s%-*s  ", indent, "", r->width - indent, key);
}

/* All up to the value. */
static void begin_field(struct report *r, const char *key)
{
    bool is_first = r->fields++ == 0;

    if (r->is_json)
        begin_json_field(r, key, is_first);
    else if (r->is_row)
        fprintf(r->out, "%s%s ", is_first ? "" : "  ", key);
    else
        begin_line(r, key);
}

static void end_field(struct report *r)
{
    if (!r->is_json && !r->is_row)
        putc('\n', r->out);
}

static void put_text(struct report *r, const char *text)
{
    if (r->is_json)
        value_print_quoted(text, r->out);
    else
        put_plain(r, text);
}

void report_number(struct report *r, const char *key, uint64_t value)
{
    begin_field(r, key);
    fprintf(r->out, "%llu", (unsigned long long)value);
    end_field(r);
}

void report_bytes(struct report *r, const char *key, uint64_t bytes)
{
    static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
    double value = (double)bytes;
    size_t unit = 0;

    if (r->is_json) {
        report_number(r, key, bytes);
        return;
    }
    for (; value >= 1024 && unit + 1 < sizeof units / sizeof units[0]; unit++)
        value /= 1024;
    begin_field(r, key);
    fprintf(r->out, "%.*f %s", unit > 0, value, units[unit]);
    end_field(r);
}

void report_seconds(struct report *r, const char *key, uint64_t seconds)
{
    static const struct {
        char name;
        uint64_t seconds;
    } units[] = { { 'd', 86400 }, { 'h', 3600 }, { 'm', 60 }, { 's', 1 } };
    bool is_begun = false;

    if (r->is_json) {
        report_number(r, key, seconds);
        return;
    }
    begin_field(r, key);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        uint64_t count = seconds / units[i].seconds;

        seconds %= units[i].seconds;
        if (count == 0 && (is_begun || units[i].seconds > 1))
            continue;
        fprintf(r->out, "%s%llu%c", is_begun ? " " : "", (unsigned long long)count, units[i].name);
        is_begun = true;
    }
    end_field(r);
}

void report_text(struct report *r, const char *key, const char *text)
{
    begin_field(r, key);
    put_text(r, text);
    end_field(r);
}

void report_thousandths(struct report *r, const char *key, uint64_t thousandths)
{
    begin_field(r, key);
    fprintf(r->out, "%*llu.%03llu", r->is_row && !r->is_json ? 5 : 0,
            (unsigned long long)(thousandths / 1000), (unsigned long long)(thousandths % 1000));
    end_field(r);
}

void report_milliseconds(struct report *r, const char *key, uint64_t ns)
{
    report_thousandths(r, key, ns / NS_PER_US);
}

void report_list(struct report *r, const char *key)
{
    r->list = key;
    r->items = 0;
    if (!r->is_json)
        return;
    begin_field(r, key);
    putc('[', r->out);
}

void report_item(struct report *r, const char *text)
{
    bool is_first = r->items++ == 0;

    if (!r->is_json) {
        report_text(r, is_first ? r->list : "", text);
        return;
    }
    if (!is_first)
        putc(',', r->out);
    value_print_quoted(text, r->out);
}

void report_list_end(struct report *r)
{
    if (r->is_json)
        putc(']', r->out);
}

void report_objects(struct report *r, const char *key)
{
    r->items = 0;
    if (!r->is_json)
        return;
    begin_field(r, key);
    putc('[', r->out);
}

void report_next_object(struct report *r)
{
    bool is_first = r->items++ == 0;

    r->fields = 0;
    if (r->is_json)
        fputs(is_first ? "{" : "},{", r->out);
    else if (!is_first)
        putc('\n', r->out);
}

void report_objects_end(struct report *r)
{
    r->fields = 1;
    if (r->is_json)
        fputs(r->items ? "}]" : "]", r->out);
}

void report_object(struct report *r, const char *key)
{
    if (r->is_json) {
        begin_field(r, key);
        putc('{', r->out);
    }
    r->object = key;
    r->depth++;
    r->fields = 0;
}

void report_object_end(struct report *r)
{
    r->object = NULL;
    r->depth--;
    r->fields = 1;
    if (r->is_json)
        putc('}', r->out);
}

void report_row(struct report *r, const char *key)
{
    begin_field(r, key);
    if (r->is_json)
        putc('{', r->out);
    r->is_row = true;
    r->fields = 0;
}

void report_row_end(struct report *r)
{
    r->is_row = false;
    r->fields = 1;
    if (r->is_json)
        putc('}', r->out);
    end_field(r);
}

void report_say(struct report *r, const char *format, ...)
{
    char text[1024];
    va_list args;

    if (r->is_json)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    put_plain(r, text);
    end_field(r);
}

void report_error(struct report *r, const char *format, ...)
{
    char text[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (!r->is_json)
        fputs(REPORT_ERROR, r->out);
    begin_field(r, r->is_json ? "error" : "");
    put_text(r, text);
    end_field(r);
}

void report_end(struct report *r)
{
    if (r->is_json && !r->is_raw)
        fputs(r->is_begun ? "}\n" : "{}\n", r->out);
}
