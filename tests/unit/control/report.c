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

static void fill_object(struct report *r, const char *name, uint64_t ns)
{
    report_next_object(r);
    report_text(r, "name", name);
    report_object(r, "inside");
    report_row(r, "row");
    report_milliseconds(r, "p50", ns);
    report_milliseconds(r, "p99", ns * 100);
    report_row_end(r);
    report_number(r, "number", 1);
    report_object_end(r);
    report_number(r, "last", 2);
}

static void fill_objects(struct report *r)
{
    r->width = 8;
    report_objects(r, "all");
    fill_object(r, "one", 1234567);
    fill_object(r, "two", 4000);
    report_objects_end(r);
    report_number(r, "behind", 3);
}

TEST(report_objects, "objects in objects are indented blocks for people, and braces for machines")
{
    check_report(fill_objects, false,
                 "name      one\n"
                 "inside\n"
                 "  row     p50     1.234  p99   123.456\n"
                 "  number  1\n"
                 "last      2\n"
                 "\n"
                 "name      two\n"
                 "inside\n"
                 "  row     p50     0.004  p99     0.400\n"
                 "  number  1\n"
                 "last      2\n"
                 "behind    3\n");
    check_report(fill_objects, true,
                 "{\"all\":["
                 "{\"name\":\"one\",\"inside\":{\"row\":{\"p50\":1.234,\"p99\":123.456},"
                 "\"number\":1},\"last\":2},"
                 "{\"name\":\"two\",\"inside\":{\"row\":{\"p50\":0.004,\"p99\":0.400},"
                 "\"number\":1},\"last\":2}],\"behind\":3}\n");
}

static void fill_empty(struct report *r)
{
    report_object(r, "inside");
    report_object_end(r);
    report_row(r, "row");
    report_row_end(r);
    report_objects(r, "none");
    report_objects_end(r);
}

TEST(report_empty, "what has nothing in it is an object, or a list, all the same")
{
    check_report(fill_empty, true, "{\"inside\":{},\"row\":{},\"none\":[]}\n");
}

static void fill_nearly_nothing(struct report *r)
{
    report_object(r, "inside");
    report_object_end(r);
    report_text(r, "text", "t");
}

TEST(report_empty_for_people, "people are not told of what has nothing in it")
{
    check_report(fill_nearly_nothing, false, "t\n");
    check_report(fill_nearly_nothing, true, "{\"inside\":{},\"text\":\"t\"}\n");
}

static void fill_hostile(struct report *r)
{
    report_objects(r, "all");
    report_next_object(r);
    report_text(r, "url", "a\"},{\"b\\\t\001");
    report_objects_end(r);
}

TEST(report_hostile, "no text leaves its quotes, whatever is in it")
{
    check_report(fill_hostile, true, "{\"all\":[{\"url\":\"a\\\"},{\\\"b\\\\\\u0009\\u0001\"}]}\n");
}
