/* tests/unit/querylog/recorder.c - the last records, in memory of a fixed size. */
#include "querylog/recorder.h"

#include "unit/querylog/made.h"

#include <stdio.h>
#include <stdlib.h>

#define ROOM 65536

static uint8_t scratch_room[ROOM];
static char told[1 << 20];
static size_t told_len;

static void take(void *arg, struct slice bytes)
{
    (void)arg;
    memcpy(told + told_len, bytes.data, bytes.len);
    told_len += bytes.len;
}

static const char *read_all(const struct recorder *r)
{
    told_len = 0;
    recorder_read(r, take, NULL);
    told[told_len] = '\0';
    return told;
}

/* A record of a query for so many labels and this number. */
static void note(struct recorder *r, unsigned number, unsigned labels)
{
    const struct belt_losses none = { 0 };
    struct pen scratch = pen_on(scratch_room, sizeof scratch_room);
    struct wire name;
    struct made m;
    struct log_view view;
    char text[16];

    made_begin(&m);
    name.w = writer_of(name.room, sizeof name.room);
    snprintf(text, sizeof text, "%06u", number);
    write_u8(&name.w, 6);
    write_bytes(&name.w, slice_of(text, 6));
    for (unsigned i = 0; i < labels; i++)
        write_bytes(&name.w, BYTES("\1x"));
    write_u8(&name.w, 0);
    made_ask(&m, writer_slice(&name.w), TYPE_A);
    view = made_view(&m);
    recorder_write(r, &view, &none, &scratch);
}

/* The numbers that are told; each line must be one of them, and each follow the one before. */
static size_t check_numbers(const char *text, unsigned last)
{
    size_t count = 0;
    unsigned number = 0, before = 0;

    while (*text) {
        const char *end = strchr(text, '\n'), *name = strstr(text, "\"qname\":\"");

        CHECK(end != NULL && end[-1] == '}' && text[0] == '{');
        CHECK(name != NULL && name < end);
        CHECK_EQUAL(sscanf(name, "\"qname\":\"%6u", &number), 1);
        CHECK(count == 0 || number == before + 1);
        before = number;
        text = end + 1;
        count++;
    }
    CHECK(count == 0 || number == last);
    return count;
}

TEST(recorder_empty, "of nothing nothing is told")
{
    struct recorder *r;

    CHECK_EQUAL(recorder_new(&r, 1000), OK);
    CHECK_TEXT(read_all(r), "");
    recorder_free(&r);
    CHECK(r == NULL);
}

TEST(recorder_all, "while there is room all records are told, as lines of JSON in their order")
{
    struct recorder *r;

    CHECK_EQUAL(recorder_new(&r, ROOM), OK);
    for (unsigned i = 1; i <= 20; i++) {
        note(r, i, 0);
        CHECK_EQUAL(check_numbers(read_all(r), i), i);
    }
    recorder_free(&r);
}

TEST(recorder_wraps, "when it is full the oldest give way, wherever the end of the memory is")
{
    for (size_t size = 1000; size < 1400; size += 7) {
        struct recorder *r;

        CHECK_EQUAL(recorder_new(&r, size), OK);
        for (unsigned i = 1; i <= 60; i++) {
            note(r, i, i % 11);
            CHECK(check_numbers(read_all(r), i) >= 1);
        }
        CHECK(told_len > size / 3 && told_len <= size);
        recorder_free(&r);
    }
}

TEST(recorder_too_long, "a record that is longer than the memory is left out")
{
    struct recorder *r;

    CHECK_EQUAL(recorder_new(&r, 400), OK);
    note(r, 1, 0);
    CHECK_EQUAL(check_numbers(read_all(r), 1), 1);
    note(r, 2, 100);
    CHECK_EQUAL(check_numbers(read_all(r), 1), 1);
    recorder_free(&r);
}

TEST(recorder_reserved, "what is being overwritten is not told")
{
    struct recorder *r;
    size_t all;

    CHECK_EQUAL(recorder_new(&r, 2000), OK);
    for (unsigned i = 1; i <= 30; i++)
        note(r, i, 0);
    all = check_numbers(read_all(r), 30);
    atomic_store(&r->reserved,
                 atomic_load(&r->written) + 500); /* a thread that dies amid writing */
    memset(r->bytes + atomic_load(&r->written) % r->size, 'x',
           r->size - atomic_load(&r->written) % r->size < 400
               ? r->size - atomic_load(&r->written) % r->size
               : 400);
    CHECK(check_numbers(read_all(r), 30) < all);
    recorder_free(&r);
}
