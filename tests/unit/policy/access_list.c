#include "policy/access_list.h"

#include "unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct faults {
    unsigned count;
    char option[32], text[512];
};

static void note(void *arg, const char *option, const char *text)
{
    struct faults *f = arg;

    if (f->count++ > 0)
        return;
    snprintf(f->option, sizeof f->option, "%s", option);
    snprintf(f->text, sizeof f->text, "%s", text);
}

static bool allows(const struct prefix_map *m, const char *host)
{
    union addr addr;
    uint32_t access;

    CHECK_EQUAL(addr_parse(host, 53, &addr), OK);
    return prefix_map_find(m, &addr, &access) && access_allows(access);
}

TEST(access_default, "without any prefix private and local clients may ask, and nobody else")
{
    static const char *const yes[] = { "127.0.0.1",   "10.9.8.7",    "172.31.255.255",
                                       "192.168.1.1", "169.254.1.1", "100.64.0.1",
                                       "::1",         "fd00::1",     "fe80::1" };
    static const char *const no[] = { "8.8.8.8", "172.32.0.1", "100.128.0.1", "2001:db8::1",
                                      "::2" };
    const struct policy_config config = { .allow_file = "", .deny_file = "" };
    struct faults faults = { 0 };
    struct prefix_map *m;

    CHECK_EQUAL(access_list_read(&m, &config, note, &faults), OK);
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
        CHECK(allows(m, yes[i]));
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        CHECK(!allows(m, no[i]));
    prefix_map_free(&m);
}

TEST(access_both, "the longest prefix decides, and deny where both have it")
{
    static const char *const allow[] = { "192.0.2.0/24", "192.0.2.7", "198.51.100.0/24" };
    static const char *const deny[] = { "192.0.2.0/28", "198.51.100.0/24" };
    const struct policy_config config = {
        .allow = { allow, 3 }, .deny = { deny, 2 }, .allow_file = "", .deny_file = ""
    };
    struct faults faults = { 0 };
    struct prefix_map *m;

    CHECK_EQUAL(access_list_read(&m, &config, note, &faults), OK);
    CHECK(allows(m, "192.0.2.200"));
    CHECK(!allows(m, "192.0.2.6"));
    CHECK(allows(m, "192.0.2.7"));
    CHECK(!allows(m, "198.51.100.1"));
    CHECK(!allows(m, "127.0.0.1"));
    prefix_map_free(&m);
}

TEST(access_file, "files are read line by line, and a wrong line is told with its number")
{
    char path[] = "/tmp/access-XXXXXX";
    int fd = mkstemp(path);
    FILE *file = fdopen(fd, "w");
    const struct policy_config config = { .allow_file = path, .deny_file = "" };
    struct faults faults = { 0 };
    struct prefix_map *m;

    CHECK(file);
    fputs("# ours\n192.0.2.0/24   # the office\n\n 2001:db8::/32\n", file);
    fflush(file);
    CHECK_EQUAL(access_list_read(&m, &config, note, &faults), OK);
    CHECK(allows(m, "192.0.2.1") && allows(m, "2001:db8::1"));
    CHECK(!allows(m, "127.0.0.1"));
    prefix_map_free(&m);
    fputs("192.0.2.1/24\n", file);
    fclose(file);
    CHECK_EQUAL(access_list_read(&m, &config, note, &faults), ERR_CONFIG);
    unlink(path);
    CHECK_TEXT(faults.option, "allow_file");
    CHECK(strstr(faults.text, ":5: 192.0.2.1/24 is no prefix"));
    faults.count = 0;
    CHECK_EQUAL(access_list_read(&m, &config, note, &faults), ERR_CONFIG);
    CHECK(strstr(faults.text, "No such file"));
}
