#include "config/value.h"
#include "base/clock.h"
#include "config/value_print.h"
#include "unit/test.h"

#include <stdlib.h>

struct sample {
#define OPTION OPTION_FIELD
#define SAMPLE_OPTIONS                                                                             \
    OPTION(text, STRING, "", "", "", "A text.")                                                    \
    OPTION(choice, CHOICE, "two", "one|two|three", "", "A choice.")                                \
    OPTION(turn, CHOICE, "on", "on|off|require", "", "A choice of YAML's own words.")              \
    OPTION(flag, BOOL, "yes", "", "", "A claim.")                                                  \
    OPTION(count, COUNT, "auto", "1", "64", "A count.")                                            \
    OPTION(time, DURATION, "2s", "50ms", "300d", "A time.")                                        \
    OPTION(delay, DELAY, "auto", "1ms", "1m", "A delay.")                                          \
    OPTION(size, SIZE, "64MiB", "1KiB", "64GiB", "A size.")                                        \
    OPTION(share, PERCENT, "10%", "0%", "50%", "A share.")                                         \
    OPTION(url, URL, NULL, "dns|tls", "", "A URL.")                                                \
    OPTION(list, STRINGS, "", "", "", "Some texts.")
    SAMPLE_OPTIONS
#undef OPTION
};

static const struct option_row sample_options[] = {
#define OPTION(...) OPTION_ROW(struct sample, __VA_ARGS__)
    SAMPLE_OPTIONS
#undef OPTION
};

static const struct section sample_section = {
    .name = "sample",
    SECTION_OPTIONS(sample_options),
    .size = sizeof(struct sample),
};

/* Sets a field; yields what is printed of it afterwards, or the problem. */
static const char *after(const char *option, const char *text)
{
    static char result[600];
    const struct option_row *row = option_find(&sample_section, option);
    struct store store = { 0 };
    struct sample sample = { 0 };
    struct problem problem;
    char *printed = NULL;
    size_t size, at;
    FILE *out;

    memset(result, 0, sizeof result);
    if (value_set(row, &store, text, &sample, &problem, &at) != OK) {
        memcpy(result, problem.text, strlen(problem.text));
    } else {
        out = open_memstream(&printed, &size);
        value_print(row, &sample, out);
        fclose(out);
        memcpy(result, printed, size);
        free(printed);
    }
    store_done(&store);
    return result;
}

TEST(value_duration_units, "durations have units and up to three digits behind the point")
{
    CHECK_TEXT(after("time", "50ms"), "50ms");
    CHECK_TEXT(after("time", "1.8s"), "1800ms");
    CHECK_TEXT(after("time", "120s"), "2m");
    CHECK_TEXT(after("time", "24h"), "1d");
    CHECK_TEXT(after("time", "50.001ms"), "50.001ms");
    CHECK_TEXT(after("time", "0.5d"), "12h");
}

TEST(value_duration_wrong, "what is no duration is told with the units there are")
{
    static const char hint[] = "is not a duration; write a number and ms, s, m, h or d";
    static const char *const wrong[] = { "",    "2",       "2x",  "s",   "-1s",  "1.s",
                                         ".5s", "1.2345s", "1 s", "1s ", "1e3s", "0x1s" };
    char expected[200];

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        snprintf(expected, sizeof expected, "time: %s %s", wrong[i], hint);
        CHECK_TEXT(after("time", wrong[i]), expected);
    }
}

TEST(value_range, "values outside of the range are told with the limit")
{
    CHECK_TEXT(after("count", "0"), "count: 0 is below 1");
    CHECK_TEXT(after("count", "65"), "count: 65 is above 64");
    CHECK_TEXT(after("time", "49ms"), "time: 49ms is below 50ms");
    CHECK_TEXT(after("time", "301d"), "time: 301d is above 300d");
    CHECK_TEXT(after("size", "1023"), "size: 1023 is below 1KiB");
    CHECK_TEXT(after("size", "65GiB"), "size: 65GiB is above 64GiB");
}

TEST(value_overflow, "numbers that no register holds are too large, not small")
{
    CHECK_TEXT(after("count", "18446744073709551617"), "count: 18446744073709551617 is above 64");
    CHECK_TEXT(after("count", "4294967297"), "count: 4294967297 is above 64");
    CHECK_TEXT(after("time", "213504d"), "time: 213504d is above 300d");
    CHECK_TEXT(after("size", "17179869184GiB"), "size: 17179869184GiB is above 64GiB");
}

TEST(value_auto, "auto is a count only where it is the default")
{
    CHECK_TEXT(after("count", "auto"), "auto");
    CHECK_TEXT(after("count", "7"), "7");
    CHECK_TEXT(after("count", "seven"), "count: seven is not a whole number, or auto");
    CHECK_TEXT(
        after("size", "auto"),
        "size: auto is not a size; write a number of bytes, or a number and KiB, MiB or GiB");
}

TEST(value_delay, "a delay is a duration, off or auto")
{
    CHECK_TEXT(after("delay", "auto"), "auto");
    CHECK_TEXT(after("delay", "off"), "off");
    CHECK_TEXT(after("delay", "false"), "off");
    CHECK_TEXT(after("delay", "25ms"), "25ms");
    CHECK_TEXT(after("delay", "0s"), "delay: 0s is below 1ms");
    CHECK_TEXT(after("delay", "2m"), "delay: 2m is above 1m");
    CHECK_TEXT(after("delay", "on"),
               "delay: on is not a duration; write a number and ms, s, m, h or d, or off, or auto");
    CHECK_TEXT(after("time", "off"),
               "time: off is not a duration; write a number and ms, s, m, h or d");
}

TEST(value_percent, "a share is a whole number and %, within its range")
{
    CHECK_TEXT(after("share", "10%"), "10%");
    CHECK_TEXT(after("share", "0%"), "0%");
    CHECK_TEXT(after("share", "51%"), "share: 51% is above 50%");
    CHECK_TEXT(after("share", "10"), "share: 10 is not a share; write a whole number and %");
    CHECK_TEXT(after("share", "1.5%"), "share: 1.5% is not a share; write a whole number and %");
}

TEST(value_size_units, "sizes are bytes or have a binary unit")
{
    CHECK_TEXT(after("size", "1024"), "1KiB");
    CHECK_TEXT(after("size", "1025"), "1025");
    CHECK_TEXT(after("size", "3GiB"), "3GiB");
    CHECK_TEXT(
        after("size", "1.5GiB"),
        "size: 1.5GiB is not a size; write a number of bytes, or a number and KiB, MiB or GiB");
}

TEST(value_choice, "a choice is one of its words, whole")
{
    CHECK_TEXT(after("choice", "three"), "three");
    CHECK_TEXT(after("choice", "tw"), "choice: tw is none of: one, two, three");
    CHECK_TEXT(after("choice", "one|two"), "choice: one|two is none of: one, two, three");
    CHECK_TEXT(after("choice", ""), "choice:  is none of: one, two, three");
}

TEST(value_choice_of_yaml, "on and off may be written as YAML's tools write them, where they exist")
{
    CHECK_TEXT(after("turn", "on"), "on");
    CHECK_TEXT(after("turn", "true"), "on");
    CHECK_TEXT(after("turn", "yes"), "on");
    CHECK_TEXT(after("turn", "false"), "off");
    CHECK_TEXT(after("turn", "no"), "off");
    CHECK_TEXT(after("turn", "require"), "require");
    CHECK_TEXT(after("turn", "maybe"), "turn: maybe is none of: on, off, require");
    CHECK_TEXT(after("choice", "no"), "choice: no is none of: one, two, three");
}

TEST(value_bool, "yes and no have YAML's other names")
{
    CHECK_TEXT(after("flag", "on"), "yes");
    CHECK_TEXT(after("flag", "false"), "no");
    CHECK_TEXT(after("flag", "maybe"), "flag: maybe is neither yes nor no");
}

TEST(value_quotes, "text that YAML would take for something else is quoted")
{
    CHECK_TEXT(after("text", "system"), "system");
    CHECK_TEXT(after("text", "/etc/ssl/a-b.pem"), "/etc/ssl/a-b.pem");
    CHECK_TEXT(after("text", ""), "\"\"");
    CHECK_TEXT(after("text", "No"), "\"No\"");
    CHECK_TEXT(after("text", "null"), "\"null\"");
    CHECK_TEXT(after("text", "1000"), "\"1000\"");
    CHECK_TEXT(after("text", "a: b"), "\"a: b\"");
    CHECK_TEXT(after("text", "a:"), "\"a:\"");
    CHECK_TEXT(after("text", "tab\tquote\"\\"), "\"tab\\u0009quote\\\"\\\\\"");
    CHECK_TEXT(after("text", "stra\xc3\x9f"
                             "e"),
               "\"stra\xc3\x9f"
               "e\"");
}

TEST(value_url, "a URL's scheme is one that the option takes")
{
    CHECK_TEXT(after("url", "tls://[::1]#a.b"), "tls://[::1]#a.b");
    CHECK_TEXT(after("url", "tls://::1"),
               "url: tls://::1: an IPv6 address stands in brackets: [2001:db8::1]");
    CHECK_TEXT(after("url", "udp://1.2.3.4"),
               "url: udp:// is not possible here; write one of dns|tls");
}

TEST(value_strings, "a list in one text has commas between")
{
    CHECK_TEXT(after("list", ""), "[]");
    CHECK_TEXT(after("list", "a"), "[\"a\"]");
    CHECK_TEXT(after("list", "a,,b"), "[\"a\", \"\", \"b\"]");
}
