/* tests/unit/querylog/belt.c - records on their way to another thread. */
#include "querylog/belt.h"

#include "base/thread.h"
#include "unit/test.h"

#include <pthread.h>
#include <sched.h>

#define SIZE 4096

static void add(struct belt *b, uint8_t content, size_t len)
{
    uint8_t *room = belt_reserve(b, len);

    CHECK(room != NULL);
    memset(room, content, len);
    belt_keep(b, len);
}

static void expect(struct belt *b, uint8_t content, size_t len)
{
    struct slice record = belt_next(b);

    CHECK_EQUAL(record.len, len);
    for (size_t i = 0; i < len; i++)
        CHECK_EQUAL(record.data[i], content);
}

TEST(belt_commit, "what was kept is seen by the reader once it is committed, in its order")
{
    static struct belt b;

    CHECK_EQUAL(belt_init(&b, SIZE), OK);
    add(&b, 1, 10);
    add(&b, 2, 1000);
    CHECK_EQUAL(belt_next(&b).len, 0);
    belt_commit(&b);
    expect(&b, 1, 10);
    expect(&b, 2, 1000);
    CHECK_EQUAL(belt_next(&b).len, 0);
    belt_done(&b);
}

TEST(belt_kept, "the writer may change what it has not committed yet")
{
    static struct belt b;
    size_t at;
    uint8_t *record;

    CHECK_EQUAL(belt_init(&b, SIZE), OK);
    add(&b, 1, 10);
    belt_commit(&b);
    at = atomic_load(&b.written);
    add(&b, 2, 20);
    add(&b, 3, 30);
    while ((record = belt_kept(&b, &at)))
        record[0] = (uint8_t)(record[0] + 100);
    belt_commit(&b);
    expect(&b, 1, 10);
    CHECK_EQUAL(belt_next(&b).data[0], 102);
    CHECK_EQUAL(belt_next(&b).data[0], 103);
    belt_done(&b);
}

TEST(belt_full, "a belt that is full takes nothing until the reader gives room back")
{
    static struct belt b;

    CHECK_EQUAL(belt_init(&b, SIZE), OK);
    for (uint8_t i = 0; i < 4; i++)
        add(&b, i, 1000);
    CHECK(!belt_reserve(&b, 1000));
    CHECK(!belt_reserve(&b, SIZE / 4));
    belt_commit(&b);
    expect(&b, 0, 1000);
    expect(&b, 1, 1000);
    CHECK(!belt_reserve(&b, 1000)); /* read, and not given back */
    belt_release(&b);
    add(&b, 4, 1000);
    belt_commit(&b);
    for (uint8_t i = 2; i < 5; i++)
        expect(&b, i, 1000);
    belt_done(&b);
}

TEST(belt_anew, "an empty belt begins anew, and the longest record still fits")
{
    const size_t size = 1 << 20;
    static struct belt b;
    uint8_t *first, *second;

    CHECK_EQUAL(belt_init(&b, size), OK);
    first = belt_reserve(&b, 100000);
    belt_keep(&b, 100000);
    belt_commit(&b);
    CHECK_EQUAL(belt_next(&b).len, 100000);
    second = belt_reserve(&b, 10);
    CHECK(second > first); /* not released yet */
    belt_release(&b);
    CHECK(belt_reserve(&b, 10) == first);
    belt_keep(&b, 10);
    belt_commit(&b);
    CHECK_EQUAL(belt_next(&b).len, 10);
    belt_release(&b);
    add(&b, 7, size / 4 - 8);
    belt_commit(&b);
    expect(&b, 7, size / 4 - 8);
    belt_done(&b);
}

TEST(belt_anew_full, "a belt that has begun anew holds as much as ever before the reader comes")
{
    const size_t size = 1 << 20;
    static struct belt b;
    uint8_t *room;
    size_t count;

    CHECK_EQUAL(belt_init(&b, size), OK);
    for (int round = 0; round < 3; round++) {
        count = 0;
        while ((room = belt_reserve(&b, 1000))) {
            memset(room, (int)(count++ & 0xff), 1000);
            belt_keep(&b, 1000);
        }
        CHECK(count >= size / 1008 - 1);
        belt_commit(&b);
        for (size_t i = 0; i < count; i++)
            expect(&b, (uint8_t)i, 1000);
        belt_release(&b);
        add(&b, 9, 200000); /* so that the next round begins anew, too */
        belt_commit(&b);
        expect(&b, 9, 200000);
        belt_release(&b);
    }
    belt_done(&b);
}

#define RECORDS 200000

static void *write_all(void *arg)
{
    struct belt *b = arg;

    for (uint32_t i = 0; i < RECORDS; i++) {
        size_t len = 4 + i % 300;
        uint8_t *room;

        while (!(room = belt_reserve(b, len))) {
            belt_commit(b);
            sched_yield();
        }
        memset(room, (uint8_t)i, len);
        memcpy(room, &i, sizeof i);
        belt_keep(b, len);
        if (i % 7 == 0)
            belt_commit(b);
    }
    belt_commit(b);
    return NULL;
}

TEST(belt_threads, "between two threads every record arrives once, whole and in order")
{
    pthread_t writer;
    static struct belt b;

    CHECK_EQUAL(belt_init(&b, SIZE), OK);
    CHECK_EQUAL(thread_start(&writer, "writer", write_all, &b), OK);
    for (uint32_t i = 0; i < RECORDS;) {
        struct slice record = belt_next(&b);
        uint32_t number;

        if (record.len == 0) {
            belt_release(&b);
            sched_yield();
            continue;
        }
        memcpy(&number, record.data, sizeof number);
        CHECK_EQUAL(number, i);
        CHECK_EQUAL(record.len, 4 + i % 300);
        for (size_t j = 4; j < record.len; j++)
            CHECK_EQUAL(record.data[j], (uint8_t)i);
        if (++i % 5 == 0)
            belt_release(&b);
    }
    pthread_join(writer, NULL);
    belt_done(&b);
}

TEST(belt_peek, "who does not trust a belt sees what makes sense of it, and changes nothing")
{
    static struct belt b;
    size_t at = 0;

    CHECK_EQUAL(belt_init(&b, SIZE), OK);
    add(&b, 1, 10);
    add(&b, 2, 900);
    belt_commit(&b);
    CHECK_EQUAL(belt_peek(&b, &at, b.filled).len, 10);
    CHECK_EQUAL(belt_peek(&b, &at, b.filled).len, 900);
    CHECK_EQUAL(belt_peek(&b, &at, b.filled).len, 0);
    expect(&b, 1, 10);
    expect(&b, 2, 900);
    for (unsigned i = 0; i < 1000; i++) {
        at = 0;
        b.bytes[i % 24] = (uint8_t)(i * 37);
        while (belt_peek(&b, &at, SIZE).len > 0)
            CHECK(at <= SIZE);
    }
    belt_done(&b);
}
