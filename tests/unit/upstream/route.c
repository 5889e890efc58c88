#include "unit/test.h"
#include "unit/upstream/made.h"

#include <stdio.h>

#define TWO                                                                                        \
    "upstream: [{url: udp://192.0.2.1}, {url: udp://192.0.2.2, group: a},"                         \
    " {url: udp://192.0.2.3, group: b}]\n"                                                         \
    "group: [{name: a}, {name: b}]\n"

/* What is wrong with a route to a that has this file. */
static const char *wrong_file(const char *text)
{
    static char yaml[1000];

    snprintf(yaml, sizeof yaml, TWO "route: [{suffix_file: %s, group: a}]\n", file_with(text));
    return wrong(yaml);
}

TEST(route_right, "suffixes stand in the configuration, in files, or both")
{
    CHECK_TEXT(wrong(TWO "route: [{suffix: [a.test, ., 10.in-addr.arpa.], group: a}]\n"), "ok");
    CHECK_TEXT(wrong(TWO "route: []\n"), "ok");
    CHECK_TEXT(wrong_file("# names\n\n  a.test # the first\r\nB.test.\n\t\n.\nlast.test"), "ok");
    CHECK_TEXT(wrong_file(""), "ok");
}

TEST(route_wrong, "what is no route is told with its place")
{
    CHECK_TEXT(wrong(TWO "route:\n- group: a\n"),
               "f:4:3: route: has no names; write suffix or suffix_file");
    CHECK_TEXT(wrong(TWO "route:\n- suffix: [x]\n"), "f:4:3: route: the key `group` is missing");
    CHECK_TEXT(wrong(TWO "route:\n- suffix: [x]\n  group: c\n"),
               "f:5:10: group: c is no group; write it under `group`, as `- name: c`");
    CHECK_TEXT(wrong(TWO "route:\n- suffix: [x, a..b]\n  group: a\n"),
               "f:4:11: suffix: a..b is no domain name");
    CHECK_TEXT(wrong(TWO "route:\n- suffix: ['']\n  group: a\n"),
               "f:4:11: suffix: nothing is no domain name");
    CHECK_TEXT(wrong(TWO "route:\n- suffix: [a b]\n  group: a\n"),
               "f:4:11: suffix: a b is no domain name");
    CHECK_TEXT(
        wrong(TWO "route:\n- suffix: ['*.test']\n  group: a\n"),
        "f:4:11: suffix: *.test has a *; leave it out, for all names below the rest are meant");
    CHECK_TEXT(wrong(TWO "route:\n- suffix: [b\xc3\xbc.test]\n  group: a\n"),
               "f:4:11: suffix: b\xc3\xbc.test is not ASCII; write it with xn--");
}

TEST(route_twice, "a suffix that two routes have is told with both, in whatever letter case")
{
    CHECK_TEXT(
        wrong(TWO "route:\n- {suffix: [x, A.test], group: a}\n- {suffix: [a.Test], group: b}\n"),
        "f:5:12: suffix: a.Test. stands in two routes, 0 to a and 1 to b; keep one");
    CHECK_TEXT(wrong(TWO "route:\n- {suffix: [a.test, a.test], group: a}\n"), "ok");
    CHECK_TEXT(
        wrong(TWO "route:\n- {suffix: [a.test], group: a}\n- {suffix: [b.a.test], group: b}\n"),
        "ok");
}

TEST(route_file_wrong, "what is wrong in a file is told with file and line")
{
    char expected[400], line[3000];
    const char *path = file_with("");

    snprintf(expected, sizeof expected, "f:3:23: suffix_file: %s:3: a..b is no domain name", path);
    CHECK_TEXT(wrong_file("# one\nx.test\na..b\n"), expected);
    snprintf(expected, sizeof expected, "f:3:23: suffix_file: %s:1: x y is no domain name", path);
    CHECK_TEXT(wrong_file("x y\n"), expected);
    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = '\0';
    snprintf(expected, sizeof expected,
             "f:3:23: suffix_file: %s:1: the line is too long; write one name in each", path);
    CHECK_TEXT(wrong_file(line), expected);
    CHECK_TEXT(
        wrong(TWO "route: [{suffix_file: /does/not/exist, group: a}]\n"),
        "f:3:23: suffix_file: /does/not/exist: No such file or directory; give a file that can "
        "be read");
    CHECK_TEXT(wrong(TWO "route: [{suffix_file: /, group: a}]\n"),
               "f:3:23: suffix_file: /: Is a directory; give a file that can be read");
}

TEST(route_file_endless, "a file without an end is given up")
{
    CHECK(strstr(wrong(TWO "route: [{suffix_file: /dev/zero, group: a}]\n"), "too long"));
}
