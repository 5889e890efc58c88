#include "control/report.h"
#include "unit/test.h"

#include <stdlib.h>

/* What `fill` reports, in either form. */
static void check_report(void (*fill)(struct report *r), bool is_json, const char *expected)
{
    char *text = NULL;
    size_t len = 0;
    struct report r = { .out = open_memstream(&text, &len), .is_json = is_json };

    fill(&r);
    report_end(&r);
    fclose(r.out);
    CHECK_TEXT(text, expected);
    free(text);
}

static void fill_fields(struct report *r)
{
    r->width = 7;
    report_number(r, "number", 12);
    report_bytes(r, "bytes", 1536);
    report_seconds(r, "seconds", 90061);
    report_text(r, "text", "a \"b\"");
    report_list(r, "list");
    report_item(r, "one");
    report_item(r, "two");
    report_list_end(r);
    report_say(r, "that is %s", "all");
}

TEST(report_fields, "fields are aligned lines for people, and one object for machines")
{
    check_report(fill_fields, false,
                 "number   12\n"
                 "bytes    1.5 KiB\n"
                 "seconds  1d 1h 1m 1s\n"
                 "text     a \"b\"\n"
                 "list     one\n"
                 "         two\n"
                 "that is all\n");
    check_report(fill_fields, true,
                 "{\"number\":12,\"bytes\":1536,\"seconds\":90061,\"text\":\"a \\\"b\\\"\","
                 "\"list\":[\"one\",\"two\"]}\n");
}

static void fill_error(struct report *r)
{
    report_error(r, "no %s", "way");
    report_list(r, "because");
    report_item(r, "of this");
    report_list_end(r);
}

TEST(report_errors, "an error begins as no other response does, and may tell more")
{
    check_report(fill_error, false, REPORT_ERROR "no way\nof this\n");
    check_report(fill_error, true, REPORT_ERROR_JSON "\"no way\",\"because\":[\"of this\"]}\n");
}

static void fill_nothing(struct report *r)
{
    (void)r;
}

TEST(report_nothing, "nothing is an object, too")
{
    check_report(fill_nothing, false, "");
    check_report(fill_nothing, true, "{}\n");
}

static void fill_wild(struct report *r)
{
    report_text(r, "wild", "\033[2J\n\303\274\377x");
}

TEST(report_wild, "no terminal obeys what a text holds, and other languages stay")
{
    check_report(fill_wild, false, "?[2J?\303\274?x\n");
}

static void fill_spans(struct report *r)
{
    report_seconds(r, "", 0);
    report_seconds(r, "", 3600);
    report_seconds(r, "", 86461);
    report_bytes(r, "", 1023);
    report_bytes(r, "", 64ull << 20);
}

TEST(report_spans, "times and sizes are told as people tell them")
{
    check_report(fill_spans, false, "0s\n1h\n1d 1m 1s\n1023 B\n64.0 MiB\n");
}
