#include "log/line.h"
#include "unit/test.h"

#include <ctype.h>
#include <stdio.h>

#define AT_NS 1700000000123000000ull

static char text[6 * LOG_DETAILS_MAX + 512];

static size_t format(const char *details, enum log_format how)
{
    struct log_line line = { .event = EVENT_upstream_failed,
                             .level = LOG_LEVEL_WARNING,
                             .at_ns = AT_NS };

    snprintf(line.details, sizeof line.details, "%s", details);
    return log_line_format(&line, how, text, sizeof text);
}

/* One line of printable ASCII with its newline. */
static void check_one_line(size_t len)
{
    CHECK_EQUAL(strlen(text), len);
    CHECK(len > 1 && text[len - 1] == '\n');
    for (size_t i = 0; i < len - 1; i++)
        CHECK(isprint((unsigned char)text[i]));
}

/* Walks over a JSON string (RFC 8259 section 7) and returns what is behind it. */
static const char *skip_string(const char *s)
{
    CHECK(*s++ == '"');
    while (*s != '"') {
        CHECK((unsigned char)*s >= 0x20);
        if (*s++ != '\\')
            continue;
        CHECK(*s && strchr("\"\\/bfnrtu", *s));
        if (*s++ == 'u')
            for (unsigned i = 0; i < 4; i++)
                CHECK(isxdigit((unsigned char)*s++));
    }
    return s + 1;
}

/* {"key":"value",...} with five members, and the end of the line. */
static void check_json(void)
{
    const char *s = text;
    unsigned members = 0;

    CHECK(*s == '{');
    do {
        s = skip_string(s + 1);
        CHECK(*s == ':');
        s = skip_string(s + 1);
        members++;
    } while (*s == ',');
    CHECK_TEXT(s, "}\n");
    CHECK_EQUAL(members, 5);
}

static void every_byte(char bytes[256])
{
    for (unsigned i = 1; i < 256; i++)
        bytes[i - 1] = (char)i;
    bytes[255] = 0;
}

TEST(line_reads_well, "a line of text has time, level, event, what it means and the details")
{
    check_one_line(format("upstream=tls://192.0.2.1", LOG_FORMAT_TEXT));
    CHECK_TEXT(text, "2023-11-14T22:13:20.123Z warning upstream_failed: an upstream failed: "
                     "upstream=tls://192.0.2.1\n");
    check_one_line(format("", LOG_FORMAT_TEXT));
    CHECK_TEXT(text, "2023-11-14T22:13:20.123Z warning upstream_failed: an upstream failed\n");
}

TEST(line_is_json, "a line of JSON is an object of strings")
{
    check_one_line(format("reason=\"a \\ b\"", LOG_FORMAT_JSON));
    check_json();
    CHECK_TEXT(text, "{\"time\":\"2023-11-14T22:13:20.123Z\",\"level\":\"warning\","
                     "\"event\":\"upstream_failed\",\"message\":\"an upstream failed\","
                     "\"details\":\"reason=\\\"a \\\\ b\\\"\"}\n");
}

TEST(line_stays_one, "whatever bytes the details hold, a line stays one line, and JSON stays JSON")
{
    char bytes[256];

    every_byte(bytes);
    check_one_line(format(bytes, LOG_FORMAT_TEXT));
    check_one_line(format(bytes, LOG_FORMAT_JSON));
    check_json();
    CHECK(strstr(text, "\\u000a") && strstr(text, "\\u001b"));
}

TEST(line_of_any_length, "the longest details fit, even when each byte needs six")
{
    static const char fillers[] = { 'a', '\n', '"', '\\', '\x7f', '\xff' };
    static char details[LOG_DETAILS_MAX];

    for (size_t i = 0; i < sizeof fillers; i++) {
        memset(details, fillers[i], sizeof details - 1);
        check_one_line(format(details, LOG_FORMAT_TEXT));
        check_one_line(format(details, LOG_FORMAT_JSON));
        check_json();
    }
}
