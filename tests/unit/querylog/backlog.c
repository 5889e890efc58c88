/* tests/unit/querylog/backlog.c - records that wait, and the tray between two threads. */
#include "querylog/backlog.h"

#include "base/thread.h"
#include "querylog/tray.h"
#include "unit/test.h"

#include <sched.h>
#include <stdio.h>

static struct slice text(const char *words)
{
    return slice_of(words, strlen(words));
}

static void expect(struct slice record, const char *words)
{
    CHECK_EQUAL(record.len, strlen(words));
    if (record.len > 0)
        CHECK_BYTES(record.data, words, record.len);
}

TEST(backlog_order, "records come out in the order they came, one by one or as many as fit")
{
    struct backlog b = { 0 };
    struct backlog_mark mark = { 0 };

    CHECK(backlog_add(&b, text("one")) && backlog_add(&b, text("three")) &&
          backlog_add(&b, text("five")));
    expect(backlog_next(&b, &mark), "one");
    expect(backlog_some(&b, &mark, 8), "three");
    expect(backlog_some(&b, &mark, 3), "");
    expect(backlog_next(&b, &mark), "five");
    expect(backlog_next(&b, &mark), "");
    CHECK_EQUAL(mark.records, 3);
    mark = (struct backlog_mark){ 0 };
    expect(backlog_some(&b, &mark, 100), "onethreefive");
    backlog_done(&b);
}

TEST(backlog_drop, "what is dropped goes from the front, and more can be added behind")
{
    struct backlog b = { 0 };
    struct backlog_mark mark = { 0 };

    CHECK(backlog_add(&b, text("one")) && backlog_add(&b, text("two")));
    backlog_next(&b, &mark);
    backlog_drop(&b, mark);
    CHECK_EQUAL(b.records, 1);
    CHECK(backlog_add(&b, text("three")));
    mark = (struct backlog_mark){ 0 };
    expect(backlog_some(&b, &mark, 100), "twothree");
    backlog_drop(&b, mark);
    CHECK_EQUAL(b.records, 0);
    CHECK_EQUAL(b.bytes.len, 0);
    backlog_done(&b);
}

TEST(backlog_move, "records move behind others, and what had them is empty and can be used")
{
    struct backlog a = { 0 }, b = { 0 };
    struct backlog_mark mark = { 0 };

    CHECK(backlog_move(&a, &b));
    CHECK(backlog_add(&b, text("one")));
    CHECK(backlog_move(&a, &b));
    CHECK_EQUAL(b.records, 0);
    CHECK(backlog_add(&b, text("two")));
    CHECK(backlog_move(&a, &b));
    CHECK(backlog_add(&b, text("other")));
    expect(backlog_some(&a, &mark, 100), "onetwo");
    CHECK_EQUAL(a.records, 2);
    backlog_done(&a);
    backlog_done(&b);
}

TEST(tray_is_bounded,
     "a tray takes no more than its room, and what was taken counts until it is dropped")
{
    struct backlog taken = { 0 };
    struct backlog_mark mark = { 0 };
    struct tray t;

    tray_init(&t, 10);
    CHECK(tray_put(&t, text("12345")));
    CHECK(!tray_is_half_full(&t));
    CHECK(tray_put(&t, text("1234")));
    CHECK(tray_is_half_full(&t));
    CHECK(!tray_put(&t, text("12")));
    CHECK(tray_take(&t, &taken));
    CHECK(!tray_put(&t, text("12")));
    backlog_next(&taken, &mark);
    tray_drop(&t, &taken, mark);
    CHECK(tray_put(&t, text("12")));
    CHECK(!tray_is_empty(&t));
    backlog_done(&taken);
    tray_done(&t);
}

TEST(tray_return, "what is given back stands before what has come since")
{
    struct backlog taken = { 0 };
    struct backlog_mark mark = { 0 };
    struct tray t;

    tray_init(&t, 100);
    CHECK(tray_put(&t, text("one")) && tray_put(&t, text("two")));
    CHECK(tray_take(&t, &taken));
    CHECK(tray_put(&t, text("three")));
    tray_return(&t, &taken);
    CHECK_EQUAL(taken.records, 0);
    CHECK(tray_take_some(&t, &taken, 4));
    expect(backlog_some(&taken, &mark, 100), "onetwo");
    CHECK(tray_take_some(&t, &taken, 4));
    expect(backlog_some(&taken, &mark, 100), "three");
    tray_drop(&t, &taken, mark);
    CHECK(tray_is_empty(&t));
    CHECK(!tray_take(&t, &taken));
    backlog_done(&taken);
    tray_done(&t);
}

#define RECORDS 100000

static void *put_all(void *arg)
{
    for (uint32_t i = 0; i < RECORDS; i++) {
        uint8_t record[64] = { 0 };

        memcpy(record, &i, sizeof i);
        while (!tray_put(arg, slice_of(record, 4 + i % 60)))
            sched_yield();
    }
    return NULL;
}

TEST(tray_threads,
     "between two threads every record arrives once and in order, also what is given back")
{
    struct backlog taken = { 0 };
    struct backlog_mark mark;
    pthread_t writer;
    struct tray t;

    tray_init(&t, 4096);
    CHECK_EQUAL(thread_start(&writer, "writer", put_all, &t), OK);
    for (uint32_t i = 0; i < RECORDS;) {
        struct slice record;
        uint32_t number;

        if (!(i % 3 ? tray_take(&t, &taken) : tray_take_some(&t, &taken, 500))) {
            sched_yield();
            continue;
        }
        mark = (struct backlog_mark){ 0 };
        record = backlog_next(&taken, &mark);
        memcpy(&number, record.data, sizeof number);
        CHECK_EQUAL(number, i);
        CHECK_EQUAL(record.len, 4 + i % 60);
        tray_drop(&t, &taken, mark);
        if (++i % 7 == 0)
            tray_return(&t, &taken);
    }
    pthread_join(writer, NULL);
    CHECK(tray_is_empty(&t));
    backlog_done(&taken);
    tray_done(&t);
}
