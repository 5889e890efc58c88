#include "unit/test.h"
#include "unit/upstream/made.h"

#define A "upstream:\n- url: udp://192.0.2.1\n- url: udp://192.0.2.2\n  group: a\n"

TEST(group_names, "a group's name is letters, digits, - and _, and there is one of it")
{
    CHECK_TEXT(wrong(A "group: [{name: a}]\n"), "ok");
    CHECK_TEXT(wrong("group:\n- name: a b\n"),
               "f:2:9: name: a b: a name has letters, digits, - and _ only");
    CHECK_TEXT(wrong("group:\n- name: ''\n"),
               "f:2:9: name: is empty; write letters, digits, - and _");
    CHECK_TEXT(
        wrong("upstream: [{url: udp://192.0.2.1, group: bootstrap}]\n"
              "group:\n- name: bootstrap\n"),
        "f:3:9: name: bootstrap is what the servers under `bootstrap` are called; write another");
    CHECK_TEXT(wrong(A "group:\n- name: a\n- name: a\n"),
               "f:7:9: name: the group a is written twice; keep one");
}

TEST(group_unknown, "an upstream of no group is told, with the nearest that there is")
{
    CHECK_TEXT(wrong(A), "f:4:10: group: a is no group; write it under `group`, as `- name: a`");
    CHECK_TEXT(wrong("upstream: [{url: udp://192.0.2.1}, {url: udp://192.0.2.2, group: inernal}]\n"
                     "group: [{name: internal}]\n"),
               "f:1:66: group: inernal is no group; did you mean internal?");
    CHECK_TEXT(wrong("upstream: [{url: udp://192.0.2.1, group: defautl}]\n"),
               "f:1:42: group: defautl is no group; did you mean default?");
}

TEST(group_empty, "a group without upstreams is wrong, default too when nobody wrote it")
{
    CHECK_TEXT(wrong("group:\n- name: b\n"),
               "f:2:3: group: no upstream is in the group b; write `group: b` for one");
    CHECK_TEXT(wrong("upstream:\n- url: udp://192.0.2.1\n  group: a\ngroup:\n- name: a\n"),
               "f: group: no upstream is in the group default; write `group: default` for one");
}

TEST(group_flags, "upstreams of the command line do for all groups of the file")
{
    CHECK_TEXT(wrong_with_upstream(A "group: [{name: a}]\nroute: [{suffix: [x], group: a}]\n",
                                   "udp://192.0.2.9"),
               "ok");
}

TEST(group_fallback, "a fallback is a group, and leads to an end")
{
    CHECK_TEXT(wrong(A "group: [{name: a, fallback: default}]\n"), "ok");
    CHECK_TEXT(wrong(A "group: [{name: a, fallback: b}]\n"),
               "f:5:29: fallback: b is no group; write it under `group`, as `- name: b`");
    CHECK_TEXT(wrong(A "group: [{name: a, fallback: a}]\n"),
               "f:5:29: fallback: leads from a to a and back again; one of them must end it");
    CHECK_TEXT(wrong(A "group:\n- name: a\n  fallback: default\n"
                       "- name: default\n  fallback: a\n"),
               "f:7:13: fallback: leads from a to default and back again; one of them must end it");
    CHECK_TEXT(
        wrong(A "group: [{name: a, fallback: default}, {name: default, fallback: default}]\n"),
        "f:5:65: fallback: leads from default to default and back again; one of them must end "
        "it");
}

TEST(group_hedge, "hedge is off, auto or a duration")
{
    CHECK_TEXT(wrong("group: [{hedge: off, hedge_budget: 0%}]\n"), "ok");
    CHECK_TEXT(wrong("group: [{hedge: 30ms, hedge_budget: 100%}]\n"), "ok");
    CHECK_TEXT(
        wrong("group: [{hedge: never}]\n"),
        "f:1:17: hedge: never is not a duration; write a number and ms, s, m, h or d, or off, "
        "or auto");
    CHECK_TEXT(wrong("group: [{hedge_budget: 101%}]\n"),
               "f:1:24: hedge_budget: 101% is above 100%");
    CHECK_TEXT(wrong("group: [{policy: fast}]\n"),
               "f:1:18: policy: fast is none of: fastest, failover, round-robin, random, hash");
}
