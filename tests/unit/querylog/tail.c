/* tests/unit/querylog/tail.c - a stream of records for somebody who may be slow. */
#include "querylog/tail.h"

#include "unit/querylog/made.h"

#include <stdlib.h>

static uint8_t scratch_room[65536];
static unsigned calls;

static void count_call(void *arg)
{
    (void)arg;
    calls++;
}

static void no_fault(void *arg, const char *option, const char *text)
{
    (void)arg;
    (void)option;
    fail_msg("%s", text);
}

static struct tail *open_tail(bool is_json)
{
    static const struct query_log_config all = { .sample = 1 };
    const struct tail_wish wish = { .is_json = is_json, .filter = &all, .told = count_call };
    struct tail *t;

    calls = 0;
    CHECK_EQUAL(tail_new(&t, &wish, no_fault, NULL), OK);
    return t;
}

/* A round of the thread that writes, with so many records. */
static void write_round(struct tail *t, unsigned records, const struct belt_losses *belts)
{
    struct pen scratch = pen_on(scratch_room, sizeof scratch_room);
    struct made m;

    made_begin(&m);
    for (unsigned i = 0; i < records; i++) {
        struct log_view view = made_view(&m);

        tail_write(t, &view, belts, &scratch);
    }
    tail_flush(t, belts);
}

static const char *take_all(struct tail *t)
{
    static struct buffer taken;

    buffer_done(&taken);
    CHECK_EQUAL(tail_take(t, &taken), OK);
    CHECK_EQUAL(buffer_append(&taken, slice_of("", 1)), OK);
    return (const char *)buffer_slice(&taken).data;
}

static size_t lines_in(const char *text)
{
    size_t count = 0;

    for (; *text; text++)
        count += *text == '\n';
    return count;
}

TEST(tail_columns, "a record is a line of columns for people")
{
    const struct belt_losses none = { 0 };
    struct tail *t = open_tail(false);

    write_round(t, 1, &none);
    CHECK_EQUAL(calls, 1);
    CHECK_TEXT(take_all(t),
               "22:13:20.123  192.0.2.143      udp    www.example.com.                      A     "
               "  NOERROR   cache       1.235\n");
    CHECK_TEXT(take_all(t), "");
    write_round(t, 0, &none);
    CHECK_EQUAL(calls, 1);
    tail_free(&t);
}

TEST(tail_rules, "a rule stands behind it; in shadow mode in brackets")
{
    const struct belt_losses none = { 0 };
    struct pen scratch = pen_on(scratch_room, sizeof scratch_room);
    struct tail *t = open_tail(false);
    struct made m;
    struct log_view view;

    made_begin(&m);
    m.query.verdict.shadow = "rate";
    view = made_view(&m);
    tail_write(t, &view, &none, &scratch);
    CHECK(strstr(take_all(t), "  (rate)\n"));
    m.query.verdict.rule = "access";
    view = made_view(&m);
    tail_write(t, &view, &none, &scratch);
    CHECK(strstr(take_all(t), "  access\n"));
    tail_free(&t);
}

TEST(tail_full, "what nobody takes is bounded; the loss is told once there is room again")
{
    const struct belt_losses none = { 0 };
    struct tail *t = open_tail(false);
    const char *text;
    size_t lines;

    write_round(t, 30000, &none);
    text = take_all(t);
    lines = lines_in(text);
    CHECK(strlen(text) <= 1u << 20 && lines < 30000);
    CHECK(!strstr(text, "lost"));
    write_round(t, 1, &none);
    text = take_all(t);
    CHECK_EQUAL((size_t)strtoul(text, NULL, 10) + lines, 30000);
    CHECK(strstr(text, " records were lost"));
    CHECK_EQUAL(lines_in(text), 2);
    write_round(t, 1, &none);
    CHECK_EQUAL(lines_in(take_all(t)), 1);
    tail_free(&t);
}

TEST(tail_losses, "what the workers have lost is told, also when no record follows")
{
    const struct belt_losses before = { .queries = 7 }, now = { .queries = 10 };
    struct tail *t = open_tail(false);

    t->lost_before = before;
    write_round(t, 1, &before);
    CHECK_EQUAL(lines_in(take_all(t)), 1);
    write_round(t, 0, &now);
    CHECK_EQUAL(strtoul(take_all(t), NULL, 10), 3);
    CHECK_EQUAL(calls, 2);
    write_round(t, 0, &now);
    CHECK_EQUAL(calls, 2);
    tail_free(&t);
}

TEST(tail_json, "in JSON each record tells what was lost before it")
{
    const struct belt_losses lost = { .queries = 3 };
    struct tail *t = open_tail(true);
    const char *text;

    write_round(t, 2, &lost);
    text = take_all(t);
    CHECK(strstr(text, "\"sequence\":4,\"lost\":3,"));
    CHECK(strstr(text, "\"sequence\":5,\"lost\":3,"));
    CHECK_EQUAL(lines_in(text), 2);
    tail_free(&t);
}
