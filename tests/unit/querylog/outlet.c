/* tests/unit/querylog/outlet.c - streams of records, with their threads, into files. */
#include "querylog/outlet.h"

#include "config/config.h"
#include "unit/querylog/made.h"
#include "unit/test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS 3000

static char directory[] = "/tmp/dotproxy-outlet-XXXXXX", path[64];
static uint8_t room[1 << 20];
static char text[1 << 20];

static struct config *load(const char *options)
{
    char yaml[512];

    memcpy(directory + sizeof directory - 7, "XXXXXX", 6);
    CHECK(mkdtemp(directory) != NULL);
    snprintf(path, sizeof path, "%s/records", directory);
    snprintf(yaml, sizeof yaml, "query_log:\n- to: file:%s\n%s", path, options);
    return made_config(yaml);
}

static struct outlet *open_outlet(struct config *config, struct list *before)
{
    char reason[QUERYLOG_REASON_MAX];
    struct outlet *o;

    CHECK_EQUAL(outlet_new(&o, config, 0, reason), OK);
    if (before)
        outlet_take_before(o, before);
    outlet_go(o);
    return o;
}

static void write_some(struct outlet *o, unsigned count, const struct belt_losses *belts)
{
    struct pen scratch = pen_on(room, sizeof room);
    struct made m;

    made_begin(&m);
    for (unsigned i = 0; i < count; i++) {
        struct log_view view = made_view(&m);

        outlet_write(o, &view, belts, &scratch);
    }
    outlet_flush(o, belts, 1);
}

static void finish(struct outlet **o)
{
    const struct belt_losses none = { 0 };

    outlet_finish(*o, &none, PATIENCE_MS);
    outlet_free(o);
}

static const char *content(void)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = read(fd, text, sizeof text - 1);

    close(fd);
    text[len > 0 ? len : 0] = '\0';
    return text;
}

static unsigned lines(void)
{
    unsigned count = 0;

    for (const char *at = content(); (at = strchr(at, '\n')); at++)
        count++;
    CHECK(text[0] == '\0' || text[strlen(text) - 1] == '\n');
    return count;
}

static void end(struct config *config)
{
    config_unref(&config);
    unlink(path);
    CHECK_EQUAL(rmdir(directory), 0);
}

static void pass_a_moment(unsigned *moments)
{
    const struct timespec moment = { .tv_nsec = 1000000 };

    CHECK(++*moments < 20000);
    nanosleep(&moment, NULL);
}

static void wait_until(struct outlet *o, uint64_t written)
{
    const struct belt_losses none = { 0 };

    for (unsigned i = 0; outlet_count(o, &none).written < written;)
        pass_a_moment(&i);
    CHECK_EQUAL(outlet_count(o, &none).written, written);
}

TEST(outlet_writes, "records arrive in the file, numbered, and the counts say so")
{
    const struct belt_losses none = { 0 };
    struct config *config = load("");
    struct outlet *o = open_outlet(config, NULL);

    write_some(o, 100, &none);
    wait_until(o, 100);
    CHECK_EQUAL(outlet_count(o, &none).waiting, 0);
    CHECK_EQUAL(outlet_count(o, &none).lost, 0);
    finish(&o);
    CHECK_EQUAL(lines(), 100);
    CHECK(strstr(text, "\"sequence\":1,\"lost\":0,") &&
          strstr(text, "\"sequence\":100,\"lost\":0,"));
    end(config);
}

TEST(outlet_belts,
     "what the workers have lost leaves a gap in the numbers, from the stream's begin on")
{
    struct belt_losses lost = { .queries = 7, .exchanges = 1000 };
    struct config *config = load("");
    struct outlet *o = open_outlet(config, NULL);

    o->lost_before = lost;
    write_some(o, 1, &lost);
    lost.queries = 10;
    write_some(o, 1, &lost);
    CHECK_EQUAL(outlet_count(o, &lost).lost, 3);
    outlet_finish(o, &lost, PATIENCE_MS);
    outlet_free(&o);
    CHECK(strstr(content(), "\"sequence\":1,\"lost\":0,") &&
          strstr(text, "\"sequence\":5,\"lost\":3,"));
    end(config);
}

TEST(outlet_skips, "what the filter does not let pass is skipped, and neither lost nor numbered")
{
    const struct belt_losses none = { 0 };
    struct config *config = load("  names: [other.example]\n");
    struct outlet *o = open_outlet(config, NULL);

    write_some(o, 10, &none);
    CHECK_EQUAL(outlet_count(o, &none).skipped, 10);
    CHECK_EQUAL(outlet_count(o, &none).lost + outlet_count(o, &none).waiting, 0);
    finish(&o);
    CHECK_EQUAL(lines(), 0);
    end(config);
}

/* A file may not become longer: what a full disk says, with another word. */
static void limit_files(rlim_t size)
{
    struct rlimit limit;

    signal(SIGXFSZ, SIG_IGN);
    CHECK_EQUAL(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = size;
    CHECK_EQUAL(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

TEST(outlet_full_disk, "a disk that is full gets whole lines only, and all others once it is not")
{
    const struct belt_losses none = { 0 };
    struct config *config = load("");
    struct outlet *o = open_outlet(config, NULL);
    char why[SINK_WHY_MAX];
    unsigned fit;

    limit_files(10000);
    write_some(o, 100, &none);
    for (unsigned i = 0; sink_state(o->sink, why) != SINK_FAILS;)
        pass_a_moment(&i);
    CHECK_TEXT(why, "File too large");
    fit = lines();
    CHECK(fit > 10 && fit < 40);
    CHECK_EQUAL(outlet_count(o, &none).written, fit);
    CHECK_EQUAL(outlet_count(o, &none).waiting, 100 - fit);
    limit_files(RLIM_INFINITY);
    wait_until(o, 100);
    CHECK_EQUAL(lines(), 100);
    CHECK_EQUAL(sink_state(o->sink, why), SINK_WORKS);
    finish(&o);
    end(config);
}

TEST(outlet_overflow, "what memory does not hold is lost and counted to the last record")
{
    const struct belt_losses none = { 0 };
    struct config *config = load("  format: ocsf\n");
    struct outlet *o = open_outlet(config, NULL);
    struct outlet_count count;

    limit_files(10000);
    write_some(o, 20000, &none);
    count = outlet_count(o, &none);
    CHECK(count.lost > 1000);
    CHECK_EQUAL(count.written + count.lost + count.waiting, 20000);
    outlet_finish(o, &none, 1);
    outlet_free(&o);
    limit_files(RLIM_INFINITY);
    CHECK(lines() > 3);
    end(config);
}

TEST(outlet_reopen,
     "a file that was moved away gets no more records, the new one those that follow")
{
    const struct belt_losses none = { 0 };
    struct config *config = load("");
    struct outlet *o = open_outlet(config, NULL);
    char moved[80];

    write_some(o, 10, &none);
    wait_until(o, 10);
    snprintf(moved, sizeof moved, "%s.moved", path);
    CHECK_EQUAL(rename(path, moved), 0);
    courier_reopen(&o->courier);
    for (unsigned i = 0; access(path, F_OK) != 0;)
        pass_a_moment(&i);
    write_some(o, 5, &none);
    finish(&o);
    CHECK_EQUAL(lines(), 5);
    CHECK_EQUAL(unlink(moved), 0);
    end(config);
}

TEST(outlet_successor,
     "two streams to one file do not mix: the second one begins when the first has ended")
{
    const struct belt_losses none = { 0 };
    struct config *config = load("  identity: first\n");
    struct outlet *first = open_outlet(config, NULL), *second;
    struct list leaving;
    const char *last, *at;

    write_some(first, 500, &none);
    outlet_finish(first, &none, PATIENCE_MS);
    list_init(&leaving);
    list_append(&leaving, &first->link);
    second = open_outlet(config, &leaving);
    CHECK(list_is_empty(&leaving));
    write_some(second, 500, &none);
    finish(&second);
    CHECK_EQUAL(lines(), 1000);
    last = strstr(text, "\"sequence\":500,");
    at = strstr(last, "\"sequence\":1,");
    CHECK(last && at && strstr(at + 1, "\"sequence\":1,") == NULL);
    end(config);
}

TEST(outlet_never_went, "one that was opened and never let go leaves an empty file")
{
    struct config *config = load("");
    char reason[QUERYLOG_REASON_MAX];
    struct outlet *o;

    CHECK_EQUAL(outlet_new(&o, config, 0, reason), OK);
    outlet_free(&o);
    CHECK_EQUAL(lines(), 0);
    end(config);
}

TEST(outlet_nowhere, "a file that cannot be made is told before anything begins")
{
    struct config *config = load("");
    char reason[QUERYLOG_REASON_MAX];
    struct outlet *o;

    CHECK_EQUAL(rmdir(directory), 0);
    CHECK_EQUAL(outlet_new(&o, config, 0, reason), ERR_SYSTEM);
    CHECK(strstr(reason, "No such file or directory; make its directory"));
    config_unref(&config);
}
