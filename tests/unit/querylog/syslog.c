/* tests/unit/querylog/syslog.c - the head of a message, and the text behind it. */
#include "querylog/syslog.h"

#include "unit/querylog/made.h"
#include "unit/test.h"

#include <stdio.h>
#include <unistd.h>

static char text[4096];

static const char *message(const struct made *m, unsigned facility, bool is_cut)
{
    const struct query_log_config config = { .facility = facility };
    const struct sink sink = { .config = &config };
    struct log_view view = made_view(m);
    struct pen p = pen_on((uint8_t *)text, sizeof text - 1);

    syslog_open_frame(&sink, &p, &view, &m->stamp, is_cut);
    pen_text(&p, "{\"a\":1}\n");
    syslog_close_frame(&p, 0);
    text[pen_slice(&p).len] = '\0';
    return text;
}

TEST(syslog_message,
     "a message has priority, time, host, process and number, and the record without its newline")
{
    char expected[512];
    struct made m;

    made_begin(&m);
    m.stamp.identity = "resolver1";
    snprintf(
        expected, sizeof expected,
        "<134>1 2023-11-14T22:13:20.123456Z resolver1 dotproxy %d query [meta sequenceId=\"8\"]"
        "[origin software=\"dotproxy\" swVersion=\"" DOTPROXY_VERSION "\"] {\"a\":1}",
        (int)getpid());
    CHECK_TEXT(message(&m, 0, false), expected);
}

TEST(syslog_facility, "each word of the option is its facility")
{
    struct made m;

    made_begin(&m);
    CHECK(strncmp(message(&m, 7, false), "<190>1 ", 7) == 0);  /* local7 */
    CHECK(strncmp(message(&m, 8, false), "<14>1 ", 6) == 0);   /* user */
    CHECK(strncmp(message(&m, 10, false), "<86>1 ", 6) == 0);  /* authpriv */
    CHECK(strncmp(message(&m, 11, false), "<110>1 ", 7) == 0); /* audit */
}

TEST(syslog_severity, "a query that a rule was against is notable, one without an answer a warning")
{
    struct made m;

    made_begin(&m);
    m.query.verdict = (struct verdict){ .action = ACTION_REFUSE, .rule = "access" };
    CHECK(strncmp(message(&m, 0, false), "<133>", 5) == 0);
    m.query.verdict = (struct verdict){ .action = ACTION_PASS, .shadow = "access" };
    CHECK(strncmp(message(&m, 0, false), "<133>", 5) == 0);
    m.query.verdict = (struct verdict){ .action = ACTION_PASS };
    m.query.source = FROM_ERROR;
    CHECK(strncmp(message(&m, 0, false), "<132>", 5) == 0);
}

TEST(syslog_words, "a name that is no word is cut where it is none, and - stands for no name")
{
    struct made m;

    made_begin(&m);
    m.stamp.identity = "a b";
    CHECK(strstr(message(&m, 0, false), "Z a dotproxy "));
    m.stamp.identity = " x";
    CHECK(strstr(message(&m, 0, false), "Z - dotproxy "));
    m.stamp.identity = "";
    gethostname(text, sizeof text);
    CHECK(strstr(message(&m, 0, false), "Z - dotproxy ") == NULL);
}

TEST(syslog_numbers,
     "the number goes round where the standard says, and a record that was cut says so")
{
    struct made m;

    made_begin(&m);
    m.stamp.sequence = 2147483647;
    CHECK(strstr(message(&m, 0, false), "sequenceId=\"2147483647\""));
    m.stamp.sequence = 2147483648;
    CHECK(strstr(message(&m, 0, true), " query-cut [meta sequenceId=\"1\"]"));
}
