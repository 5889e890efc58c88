#include "sandbox/grants.h"

#include "unit/test.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* /tmp/.../own/file, /tmp/.../other/file, and what a test puts beside them. */
static char top[32];

static const char *at(const char *path)
{
    static char texts[4][PATH_MAX];
    static unsigned next;
    char *text = texts[next++ % 4];

    snprintf(text, PATH_MAX, "%s/%s", top, path);
    return text;
}

static void touch(const char *path)
{
    int fd = open(at(path), O_CREAT | O_WRONLY, 0600);

    CHECK(fd >= 0);
    close(fd);
}

static void enter(void)
{
    strcpy(top, "/tmp/dotproxy-unit-XXXXXX");
    CHECK(mkdtemp(top) != NULL);
    CHECK_EQUAL(mkdir(at("own"), 0700), 0);
    CHECK_EQUAL(mkdir(at("other"), 0700), 0);
    touch("own/file");
    touch("other/file");
}

static void leave(struct grants *grants)
{
    static const char *const made[] = { "own/file", "own/link", "own/new", "other/file" };

    for (size_t i = 0; i < sizeof made / sizeof *made; i++)
        unlink(at(made[i]));
    rmdir(at("own.old"));
    CHECK_EQUAL(rmdir(at("own")), 0);
    CHECK_EQUAL(rmdir(at("other")), 0);
    CHECK_EQUAL(rmdir(top), 0);
    grants_done(grants);
}

TEST(grants_directory, "a file's directory is opened, so what takes its place is covered")
{
    struct grants grants = { 0 };
    bool is_shared;

    enter();
    CHECK_EQUAL(grants_add(&grants, at("own/file"), GRANT_READ, &is_shared), OK);
    CHECK(!is_shared);
    CHECK_EQUAL(grants.count, 1);
    CHECK_TEXT(grants.list[0].path, at("own"));
    touch("own/new");
    CHECK_EQUAL(rename(at("own/new"), at("own/file")), 0);
    CHECK(grants_cover(&grants, at("own/file"), GRANT_READ));
    CHECK(!grants_cover(&grants, at("own/file"), GRANT_WRITE));
    CHECK(!grants_cover(&grants, at("other/file"), GRANT_READ));
    leave(&grants);
}

TEST(grants_link, "a link opens its own directory and the one that it leads to")
{
    struct grants grants = { 0 };
    bool is_shared;

    enter();
    CHECK_EQUAL(symlink(at("other/file"), at("own/link")), 0);
    CHECK_EQUAL(grants_add(&grants, at("own/file"), GRANT_READ, &is_shared), OK);
    CHECK(!grants_cover(&grants, at("own/link"), GRANT_READ));
    CHECK_EQUAL(grants_add(&grants, at("own/link"), GRANT_READ, &is_shared), OK);
    CHECK(grants_cover(&grants, at("own/link"), GRANT_READ));
    CHECK(grants_cover(&grants, at("other/file"), GRANT_READ));
    leave(&grants);
}

TEST(grants_look_alike, "a directory whose name only begins alike is not covered")
{
    struct grants grants = { 0 };
    bool is_shared;

    enter();
    CHECK_EQUAL(grants_add(&grants, at("own"), GRANT_READ, &is_shared), OK);
    CHECK_EQUAL(mkdir(at("own.old"), 0700), 0);
    CHECK(grants_cover(&grants, at("own"), GRANT_READ));
    CHECK(!grants_cover(&grants, at("own.old"), GRANT_READ));
    leave(&grants);
}

TEST(grants_replaced, "a directory that took the place of the one that was opened is not covered")
{
    struct grants grants = { 0 };
    bool is_shared;

    enter();
    CHECK_EQUAL(grants_add(&grants, at("own/file"), GRANT_READ, &is_shared), OK);
    unlink(at("own/file"));
    CHECK_EQUAL(rename(at("own"), at("own.old")), 0);
    CHECK_EQUAL(mkdir(at("own"), 0700), 0);
    touch("own/file");
    CHECK(!grants_cover(&grants, at("own/file"), GRANT_READ));
    leave(&grants);
}

TEST(grants_shared, "in a directory of the whole machine only the file is opened for reading")
{
    struct grants grants = { 0 };
    char path[] = "/tmp/dotproxy-unit-XXXXXX";
    bool is_shared;
    int fd = mkstemp(path);

    CHECK(fd >= 0);
    CHECK_EQUAL(grants_add(&grants, path, GRANT_READ, &is_shared), OK);
    CHECK(is_shared);
    CHECK_EQUAL(grants.count, 1);
    CHECK_TEXT(grants.list[0].path, path);
    CHECK(!grants.list[0].is_directory);
    CHECK_EQUAL(grants_add(&grants, path, GRANT_WRITE, &is_shared), OK);
    CHECK(is_shared);
    CHECK_TEXT(grants.list[1].path, "/tmp");
    close(fd);
    unlink(path);
    grants_done(&grants);
}

TEST(grants_absent, "what is not there opens its directory, and where that is missing, nothing")
{
    struct grants grants = { 0 };
    bool is_shared;

    enter();
    CHECK_EQUAL(grants_add(&grants, at("own/new"), GRANT_WRITE, &is_shared), OK);
    CHECK_EQUAL(grants.count, 1);
    CHECK(grants_cover(&grants, at("own/new"), GRANT_WRITE));
    CHECK(!grants_cover(&grants, at("other/new"), GRANT_WRITE));
    CHECK_EQUAL(grants_add(&grants, at("no/such/file"), GRANT_READ, &is_shared), OK);
    CHECK_EQUAL(grants.count, 1);
    CHECK(
        grants_cover(&grants, at("no/such/file"), GRANT_READ)); /* others say that it is missing */
    leave(&grants);
}

TEST(grants_machine,
     "where programs and people keep their things, and in a home, files are opened alone")
{
    struct grants grants = { 0 };
    bool is_shared;

    CHECK_EQUAL(grants_add(&grants, "/etc/none.yaml", GRANT_READ, &is_shared), OK);
    CHECK(is_shared);
    CHECK_EQUAL(grants_add(&grants, "/usr/bin/env", GRANT_READ, &is_shared), OK);
    CHECK(is_shared);
    CHECK_EQUAL(grants_add(&grants, "/var/lib/none", GRANT_READ, &is_shared), OK);
    CHECK(is_shared);
    for (size_t i = 0; i < grants.count; i++)
        CHECK(!grants.list[i].is_directory);
    grants_done(&grants);
}
