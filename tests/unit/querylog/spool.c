/* tests/unit/querylog/spool.c - records on the disk: in order, over a restart, torn off, full. */
#include "querylog/spool.h"

#include "unit/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define KIND 1
#define SIZE (1u << 20)

static char directory[] = "/tmp/dotproxy-spool-XXXXXX", path[64];

static void begin(void)
{
    memcpy(directory + sizeof directory - 7, "XXXXXX", 6);
    CHECK(mkdtemp(directory) != NULL);
    snprintf(path, sizeof path, "%s/s", directory);
}

static const char *file(unsigned index)
{
    static char name[80];

    snprintf(name, sizeof name, "%s.%u", path, index);
    return name;
}

static unsigned files(void)
{
    unsigned count = 0;

    for (unsigned i = 0; i < SPOOL_SEGMENTS; i++)
        count += access(file(i), F_OK) == 0;
    return count;
}

static void end(struct spool *s)
{
    spool_close(s);
    for (unsigned i = 0; i < SPOOL_SEGMENTS; i++)
        unlink(file(i));
    CHECK_EQUAL(rmdir(directory), 0);
}

static uint64_t open_spool(struct spool *s)
{
    char reason[SPOOL_REASON_MAX];
    uint64_t cut;

    CHECK_EQUAL(spool_check(path, KIND, reason), OK);
    CHECK_EQUAL(spool_open(s, path, SIZE, KIND, &cut), OK);
    return cut;
}

/* Records "from" to "to", each as long as `len` says. */
static void put(struct backlog *b, unsigned from, unsigned to, size_t len)
{
    static uint8_t record[200000];

    for (unsigned i = from; i <= to; i++) {
        memset(record, (int)i, len);
        memcpy(record, &i, sizeof i);
        CHECK(backlog_add(b, slice_of(record, len)));
    }
}

static err_t add(struct spool *s, unsigned from, unsigned to, size_t len)
{
    struct backlog b = { 0 };
    struct backlog_mark added;
    err_t err;

    put(&b, from, to, len);
    err = spool_add(s, &b, &added);
    CHECK(err != OK || added.records == b.records);
    backlog_done(&b);
    return err;
}

/* Reads and drops records `from` to `to`; they must be those. */
static void take(struct spool *s, unsigned from, unsigned to)
{
    struct backlog b = { 0 };

    for (unsigned i = from; i <= to; i++) {
        struct backlog_mark mark = { 0 };
        struct slice record;
        unsigned number;

        if (b.records == 0)
            CHECK_EQUAL(spool_read(s, &b), OK);
        record = backlog_next(&b, &mark);
        CHECK(record.len >= sizeof number);
        memcpy(&number, record.data, sizeof number);
        CHECK_EQUAL(number, i);
        backlog_drop(&b, mark);
        spool_drop(s, mark);
    }
    backlog_done(&b);
    spool_rewind(s);
}

TEST(spool_order, "what was added is read in order, and files go when they are done with")
{
    struct spool s;

    begin();
    open_spool(&s);
    CHECK_EQUAL(files(), 0);
    CHECK_EQUAL(add(&s, 1, 300, 1000), OK);
    CHECK(files() > 3);
    CHECK_EQUAL(s.records, 300);
    take(&s, 1, 150);
    CHECK_EQUAL(add(&s, 301, 320, 1000), OK);
    take(&s, 151, 320);
    CHECK_EQUAL(s.records, 0);
    CHECK_EQUAL(files(), 0);
    CHECK_EQUAL(add(&s, 1, 2, 10), OK);
    take(&s, 1, 2);
    end(&s);
}

TEST(spool_restart, "a restart finds what was not done with, and nothing else")
{
    struct spool s;

    begin();
    open_spool(&s);
    CHECK_EQUAL(add(&s, 1, 200, 1000), OK);
    take(&s, 1, 77);
    spool_close(&s);
    CHECK_EQUAL(open_spool(&s), 0);
    CHECK_EQUAL(s.records, 123);
    CHECK_EQUAL(add(&s, 201, 210, 1000), OK);
    take(&s, 78, 210);
    CHECK_EQUAL(files(), 0);
    end(&s);
}

TEST(spool_rewind, "what was read and not dropped is read again")
{
    struct backlog b = { 0 };
    struct spool s;

    begin();
    open_spool(&s);
    CHECK_EQUAL(add(&s, 1, 10, 100), OK);
    CHECK_EQUAL(spool_read(&s, &b), OK);
    CHECK_EQUAL(b.records, 10);
    CHECK_EQUAL(spool_read(&s, &b), OK); /* there are no more */
    CHECK_EQUAL(b.records, 10);
    backlog_done(&b);
    spool_rewind(&s);
    take(&s, 1, 10);
    end(&s);
}

static void spoil(unsigned index, off_t from_end, const char *bytes, size_t len)
{
    int fd = open(file(index), O_RDWR | O_CLOEXEC);
    off_t size = lseek(fd, 0, SEEK_END);

    CHECK(fd >= 0 && pwrite(fd, bytes, len, size - from_end) == (ssize_t)len);
    close(fd);
}

TEST(spool_torn, "what a crash has torn off is cut off, and what comes later is whole")
{
    static const char *const tails[] = { "\0",
                                         "\0\0\0\4",
                                         "\0\0\0\4\1\2\3\4",
                                         "\0\0\0\4\1\2\3\4abc",
                                         "\0\0\0\4\1\2\3\4abcd",
                                         "\377\377\377\377\1\2\3\4a" };
    static const size_t lens[] = { 1, 4, 8, 11, 12, 9 };
    struct spool s;

    for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
        begin();
        open_spool(&s);
        CHECK_EQUAL(add(&s, 1, 5, 100), OK);
        spool_close(&s);
        spoil(0, 0, tails[i], lens[i]);
        CHECK_EQUAL(open_spool(&s), lens[i]);
        CHECK_EQUAL(s.records, 5);
        CHECK_EQUAL(add(&s, 6, 7, 100), OK);
        spool_close(&s);
        CHECK_EQUAL(open_spool(&s), 0);
        take(&s, 1, 7);
        end(&s);
    }
}

TEST(spool_changed,
     "a record that is not any more what it was ends its file, and is no reason to stop")
{
    struct backlog b = { 0 };
    struct spool s;

    begin();
    open_spool(&s);
    CHECK_EQUAL(add(&s, 1, 100, 1000), OK);
    CHECK(files() >= 2);
    spoil(0, 500, "x", 1); /* in its last record */
    take(&s, 1, 10);
    while (s.records > 0 && spool_read(&s, &b) == OK && b.records > 0) {
        spool_drop(&s, (struct backlog_mark){ b.bytes.len, b.records });
        backlog_drop(&b, (struct backlog_mark){ b.bytes.len, b.records });
        if (s.segments[0].records == 1)
            break;
    }
    CHECK_EQUAL(spool_read(&s, &b), ERR_MALFORMED);
    CHECK_EQUAL(spool_give_up(&s), 1);
    CHECK_EQUAL(spool_read(&s, &b), OK);
    CHECK(b.records > 0);
    backlog_done(&b);
    end(&s);
}

TEST(spool_full,
     "a spool is no longer than it may be, says so, and has room again once it was read")
{
    struct backlog b = { 0 };
    struct backlog_mark added;
    struct spool s;
    uint64_t bytes = 0;

    begin();
    open_spool(&s);
    put(&b, 1, 2000, 1000);
    CHECK_EQUAL(spool_add(&s, &b, &added), ERR_BUSY);
    CHECK(added.records > 900 && added.records < 1100);
    CHECK_EQUAL(s.records, added.records);
    for (unsigned i = 0; i < SPOOL_SEGMENTS; i++) {
        struct stat there;

        CHECK_EQUAL(stat(file(i), &there), 0);
        bytes += (uint64_t)there.st_size;
    }
    CHECK(bytes <= SIZE);
    backlog_drop(&b, added);
    take(&s, 1, 500);
    CHECK_EQUAL(spool_add(&s, &b, &added), ERR_BUSY);
    CHECK(added.records > 400);
    backlog_done(&b);
    end(&s);
}

TEST(spool_long, "a record that no file holds is told of, and those before it were added")
{
    struct backlog b = { 0 };
    struct backlog_mark added;
    struct spool s;

    begin();
    open_spool(&s);
    put(&b, 1, 3, 100);
    put(&b, 4, 4, SIZE / SPOOL_SEGMENTS);
    CHECK_EQUAL(spool_add(&s, &b, &added), ERR_TOOBIG);
    CHECK_EQUAL(added.records, 3);
    take(&s, 1, 3);
    backlog_done(&b);
    end(&s);
}

TEST(spool_front, "what is put back is read first, also when it is longer than a file would be")
{
    struct backlog b = { 0 };
    struct spool s;

    begin();
    open_spool(&s);
    CHECK_EQUAL(add(&s, 201, 300, 1000), OK);
    put(&b, 1, 200, 1000);
    CHECK_EQUAL(spool_put_back(&s, &b), OK);
    CHECK_EQUAL(s.records, 300);
    spool_close(&s);
    CHECK_EQUAL(open_spool(&s), 0);
    take(&s, 1, 300);
    CHECK_EQUAL(spool_put_back(&s, &b), OK);
    take(&s, 1, 200);
    backlog_done(&b);
    end(&s);
}

TEST(spool_others, "files that hold something else are left alone")
{
    char reason[SPOOL_REASON_MAX];
    struct spool s;
    uint64_t cut;
    int fd;

    begin();
    open_spool(&s);
    CHECK_EQUAL(add(&s, 1, 5, 100), OK);
    spool_close(&s);
    CHECK_EQUAL(spool_check(path, KIND + 1, reason), ERR_MALFORMED);
    CHECK(strstr(reason, "s.0: holds no records of this format"));
    CHECK_EQUAL(spool_open(&s, path, SIZE, KIND + 1, &cut), ERR_MALFORMED);
    spool_close(&s);
    fd = open(file(7), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    CHECK_EQUAL(write(fd, "else", 4), 4);
    close(fd);
    CHECK_EQUAL(spool_check(path, KIND, reason), ERR_MALFORMED);
    CHECK_EQUAL(spool_check(directory, KIND, reason), ERR_CONFIG);
    CHECK_EQUAL(spool_check("/nowhere/at/all", KIND, reason), ERR_SYSTEM);
    end(&s);
}
