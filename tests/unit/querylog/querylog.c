/* tests/unit/querylog/querylog.c - streams that come and go while a worker notes its queries. */
#include "querylog/querylog.h"

#include "config/config.h"
#include "unit/querylog/made.h"
#include "unit/test.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static char directory[32];

static void begin(struct querylog **ret_log)
{
    strcpy(directory, "/tmp/dotproxy-streams-XXXXXX");
    CHECK(mkdtemp(directory) != NULL);
    CHECK_EQUAL(querylog_new(ret_log, 1), OK);
}

/* From now on there is one stream, to this file. */
static void apply(struct querylog *q, const char *file)
{
    char yaml[128], reason[QUERYLOG_REASON_MAX];
    struct config *config;

    snprintf(yaml, sizeof yaml, "query_log: [{to: 'file:%s/%s'}]\n", directory, file);
    config = made_config(yaml);
    CHECK_EQUAL(querylog_apply(q, config, reason), OK);
    config_unref(&config);
}

static void note(struct querylog *q, unsigned count)
{
    struct made m;

    made_begin(&m);
    while (count-- > 0)
        querylog_note(querylog_desk(q, 0), &m.query, &m.facts);
}

static void turn_ends(struct querylog *q)
{
    querylog_turn_ends(querylog_desk(q, 0), MADE_TOOK_NS);
}

/* Takes the file away, and says how many records were in it. */
static unsigned records_in(const char *file)
{
    char path[64], line[4096];
    unsigned count = 0;
    FILE *in;

    snprintf(path, sizeof path, "%s/%s", directory, file);
    in = fopen(path, "re");
    CHECK(in != NULL);
    while (fgets(line, sizeof line, in))
        count++;
    fclose(in);
    unlink(path);
    return count;
}

static void *end_turn_soon(void *arg)
{
    static const struct timespec soon = { .tv_nsec = 20000000 };

    nanosleep(&soon, NULL);
    turn_ends(arg);
    return NULL;
}

TEST(querylog_awaits_turns, "a stream that goes gets what was answered before, to the last record")
{
    struct querylog *q;
    pthread_t worker;

    begin(&q);
    apply(q, "first");
    note(q, 3);
    CHECK_EQUAL(pthread_create(&worker, NULL, end_turn_soon, q), 0);
    apply(q, "second");
    pthread_join(worker, NULL);
    querylog_free(&q);
    CHECK_EQUAL(records_in("first"), 3);
    CHECK_EQUAL(records_in("second"), 0);
    CHECK_EQUAL(rmdir(directory), 0);
}

TEST(querylog_hung_turn,
     "what is noted in a turn that does not end goes to the next stream: none of it is lost")
{
    struct querylog *q;

    begin(&q);
    apply(q, "first");
    note(q, 3);
    turn_ends(q);
    note(q, 2);
    apply(q, "second");
    turn_ends(q);
    querylog_free(&q);
    CHECK_EQUAL(records_in("first"), 3);
    CHECK_EQUAL(records_in("second"), 2);
    CHECK_EQUAL(rmdir(directory), 0);
}

TEST(querylog_nobody, "what was noted when no stream was there is for none that comes later")
{
    char reason[QUERYLOG_REASON_MAX];
    struct config *none = made_config("query_log: []\n");
    struct querylog *q;

    begin(&q);
    apply(q, "first");
    CHECK_EQUAL(querylog_apply(q, none, reason), OK);
    note(q, 3);
    turn_ends(q);
    apply(q, "second");
    note(q, 1);
    turn_ends(q);
    querylog_free(&q);
    CHECK_EQUAL(records_in("first"), 0);
    CHECK_EQUAL(records_in("second"), 1);
    config_unref(&none);
    CHECK_EQUAL(rmdir(directory), 0);
}
