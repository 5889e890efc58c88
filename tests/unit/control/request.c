#include "control/request.h"
#include "unit/test.h"

static err_t parse(const char *line, struct request *ret_request)
{
    return request_parse(slice_of(line, strlen(line)), ret_request);
}

TEST(request_words, "a line is words with blanks between, before and behind")
{
    struct request r;

    CHECK_EQUAL(parse(" flush\t example.com  \r", &r), OK);
    CHECK_EQUAL(r.count, 2);
    CHECK_TEXT(r.words[0], "flush");
    CHECK_TEXT(r.words[1], "example.com");
    CHECK(!r.wants_json);
}

TEST(request_json, "--json is no word but a wish, wherever it stands")
{
    struct request r;

    CHECK_EQUAL(parse("--json stats", &r), OK);
    CHECK(r.wants_json && r.count == 1);
    CHECK_EQUAL(parse("stats --json", &r), OK);
    CHECK(r.wants_json && r.count == 1);
    CHECK_EQUAL(parse("stats --jsons", &r), OK);
    CHECK(!r.wants_json && r.count == 2);
    CHECK_EQUAL(parse("--json", &r), ERR_MALFORMED);
}

TEST(request_nothing, "a line without words asks nothing")
{
    struct request r;

    CHECK_EQUAL(parse("", &r), ERR_MALFORMED);
    CHECK_EQUAL(parse(" \t ", &r), ERR_MALFORMED);
    CHECK_EQUAL(request_parse((struct slice){ 0 }, &r), ERR_MALFORMED);
}

TEST(request_bytes, "only printable ASCII is taken")
{
    struct request r;

    CHECK_EQUAL(parse("sta\001tus", &r), ERR_MALFORMED);
    CHECK_EQUAL(parse("sta\177tus", &r), ERR_MALFORMED);
    CHECK_EQUAL(parse("sta\377tus", &r), ERR_MALFORMED);
    CHECK_EQUAL(parse("status\nstats", &r), ERR_MALFORMED);
    CHECK_EQUAL(request_parse(slice_of("a\0b", 3), &r), ERR_MALFORMED);
}

TEST(request_limits, "eight words and 1024 characters are taken, and no more")
{
    char line[REQUEST_LINE_MAX + 1];
    struct request r;

    CHECK_EQUAL(parse("1 2 3 4 5 6 7 8 --json", &r), OK);
    CHECK_EQUAL(r.count, 8);
    CHECK_EQUAL(parse("1 2 3 4 5 6 7 8 9", &r), ERR_TOOBIG);
    memset(line, 'x', sizeof line);
    CHECK_EQUAL(request_parse(slice_of(line, REQUEST_LINE_MAX), &r), OK);
    CHECK_EQUAL(strlen(r.words[0]), REQUEST_LINE_MAX);
    CHECK_EQUAL(request_parse(slice_of(line, REQUEST_LINE_MAX + 1), &r), ERR_TOOBIG);
}

TEST(request_found, "a request is found by its name, and a mistyped one by the nearest")
{
    CHECK_TEXT(request_find("flush")->name, "flush");
    CHECK(request_find("flus") == NULL);
    CHECK_TEXT(request_nearest("flus")->name, "flush");
    CHECK(request_nearest("xyzzy") == NULL);
}
