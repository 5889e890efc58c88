/* tests/unit/querylog/rotation.c - old files: their names, and how they are compressed. */
#include "querylog/rotation.h"

#include "querylog/squeeze.h"
#include "unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

static char directory[] = "/tmp/dotproxy-rotation-XXXXXX", path[64];

static void begin(void)
{
    memcpy(directory + sizeof directory - 7, "XXXXXX", 6);
    CHECK(mkdtemp(directory) != NULL);
    snprintf(path, sizeof path, "%s/log", directory);
}

static const char *name_of(const char *ending)
{
    static char name[80];

    snprintf(name, sizeof name, "%s%s", path, ending);
    return name;
}

static void make(const char *ending, const char *content)
{
    FILE *out = fopen(name_of(ending), "w");

    CHECK(out != NULL);
    fputs(content, out);
    fclose(out);
}

/* What is there, "log=a log.1=b", and removes it. */
static const char *end(void)
{
    static char all[512];
    static const char *const endings[] = { "",      ".1",    ".1.gz", ".2",       ".2.gz", ".3",
                                           ".3.gz", ".4.gz", ".5",    ".gz.part", ".6" };

    all[0] = '\0';
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        char content[32] = "";
        FILE *in = fopen(name_of(endings[i]), "r");

        if (!in)
            continue;
        CHECK(fgets(content, sizeof content, in) != NULL);
        fclose(in);
        snprintf(all + strlen(all), sizeof all - strlen(all), "%slog%s=%s", all[0] ? " " : "",
                 endings[i], content);
        unlink(name_of(endings[i]));
    }
    CHECK_EQUAL(rmdir(directory), 0);
    return all;
}

TEST(rotation_moves_on, "each old file moves on, and the last one goes")
{
    begin();
    make("", "new");
    CHECK_EQUAL(rotation_turn(path, 2), OK);
    make("", "newer");
    CHECK_EQUAL(rotation_turn(path, 2), OK);
    make("", "newest");
    CHECK_EQUAL(rotation_turn(path, 2), OK);
    CHECK_TEXT(end(), "log.1=newest log.2=newer");
}

TEST(rotation_gap, "behind a gap nothing moves, and compressed ones move like others")
{
    begin();
    make("", "new");
    make(".1.gz", "b");
    make(".3", "d");
    CHECK_EQUAL(rotation_turn(path, 5), OK);
    CHECK_TEXT(end(), "log.1=new log.2.gz=b log.3=d");
}

TEST(rotation_fewer, "those of a time when more were kept go, too")
{
    begin();
    make("", "new");
    make(".1", "a");
    make(".2", "b");
    make(".3.gz", "c");
    make(".4.gz", "d");
    CHECK_EQUAL(rotation_turn(path, 2), OK);
    CHECK_TEXT(end(), "log.1=new log.2=a");
}

TEST(rotation_none, "when none is kept the file goes at once")
{
    begin();
    make("", "new");
    CHECK_EQUAL(rotation_turn(path, 0), OK);
    CHECK_TEXT(end(), "");
}

TEST(rotation_fails, "when there is nothing to move, or no way to, that is told")
{
    begin();
    CHECK_EQUAL(rotation_turn(path, 2), ERR_SYSTEM);
    CHECK_EQUAL(errno, ENOENT);
    CHECK_TEXT(end(), "");
}

TEST(rotation_period, "a day begins at midnight UTC, an hour when it is full")
{
    const uint64_t day = 86400ull * 1000000000ull, noon = 1000 * day + day / 2;

    CHECK(rotation_period(noon, day) == rotation_period(noon + day / 2 - 1, day));
    CHECK(rotation_period(noon, day) != rotation_period(noon + day / 2, day));
    CHECK(rotation_period(noon, day / 24) != rotation_period(noon - 1, day / 24));
    CHECK(rotation_period(noon, 0) == rotation_period(noon + day, 0));
}

static err_t squeeze_all(struct squeeze *s)
{
    err_t err;

    while ((err = squeeze_step(s)) == ERR_AGAIN)
        ;
    return err;
}

static void unzip(const char *ending, char *content, size_t size)
{
    gzFile in = gzopen(name_of(ending), "rb");
    int len = gzread(in, content, (unsigned)size - 1);

    CHECK(len >= 0);
    content[len] = '\0';
    CHECK_EQUAL(gzclose(in), Z_OK); /* also its checksum and its length were right */
}

TEST(squeeze_oldest, "the oldest one that is not compressed is, and reads back")
{
    struct squeeze *s;
    char content[64];

    begin();
    make(".1", "a");
    make(".2", "bbbbbbbbbbbbbbbbbbbb");
    make(".3.gz", "c");
    make(".gz.part", "of another time");
    CHECK_EQUAL(squeeze_begin(&s, path, 7), OK);
    CHECK_EQUAL(squeeze_all(s), OK);
    squeeze_free(&s);
    unzip(".2.gz", content, sizeof content);
    CHECK_TEXT(content, "bbbbbbbbbbbbbbbbbbbb");
    unlink(name_of(".2.gz"));
    CHECK_TEXT(end(), "log.1=a log.3.gz=c");
}

TEST(squeeze_moved, "a file that moves on meanwhile gets its place there")
{
    struct squeeze *s;
    char content[64];

    begin();
    make("", "new");
    make(".1", "old");
    CHECK_EQUAL(squeeze_begin(&s, path, 3), OK);
    CHECK_EQUAL(squeeze_step(s), ERR_AGAIN);
    CHECK_EQUAL(rotation_turn(path, 3), OK);
    CHECK_EQUAL(squeeze_all(s), OK);
    squeeze_free(&s);
    unzip(".2.gz", content, sizeof content);
    CHECK_TEXT(content, "old");
    unlink(name_of(".2.gz"));
    CHECK_TEXT(end(), "log.1=new");
}

TEST(squeeze_gone, "one that goes meanwhile leaves nothing")
{
    struct squeeze *s;

    begin();
    make("", "new");
    make(".1", "old");
    CHECK_EQUAL(squeeze_begin(&s, path, 1), OK);
    CHECK_EQUAL(squeeze_step(s), ERR_AGAIN);
    CHECK_EQUAL(rotation_turn(path, 1), OK);
    CHECK_EQUAL(squeeze_all(s), OK);
    squeeze_free(&s);
    CHECK_TEXT(end(), "log.1=new");
}

TEST(squeeze_stops,
     "what is stopped half way has changed nothing, and without old files there is nothing to do")
{
    struct squeeze *s;

    begin();
    CHECK_EQUAL(squeeze_begin(&s, path, 3), OK);
    CHECK(s == NULL);
    make(".1", "old");
    CHECK_EQUAL(squeeze_begin(&s, path, 3), OK);
    CHECK_EQUAL(squeeze_step(s), ERR_AGAIN);
    squeeze_free(&s);
    CHECK_TEXT(end(), "log.1=old");
}
