#include "io/loop.h"
#include "base/thread.h"
#include "unit/io/local.h"

#include <unistd.h>

struct ring {
    struct loop *loop;
    struct timer timer;
    struct turn_end end;
    uint64_t at_ns;
    unsigned times;
    char *order;
    char letter;
};

static void ring(void *arg)
{
    struct ring *r = arg;

    r->at_ns = clock_monotonic_ns();
    r->times++;
    loop_stop(r->loop);
}

TEST(loop_timer, "a timer rings when it is due, not before and hardly later")
{
    struct loop *l = local_loop();
    struct ring r = { .loop = l };
    uint64_t start = clock_monotonic_ns();

    wheel_set(loop_wheel(l), &r.timer, start + 30 * NS_PER_MS, ring, &r);
    local_run(l);
    CHECK_EQUAL(r.times, 1);
    CHECK(r.at_ns >= start + 30 * NS_PER_MS);
    CHECK(r.at_ns < start + 4 * NS_PER_S);
    loop_free(&l);
    CHECK(l == NULL);
}

static void set_earlier(void *arg)
{
    struct ring *r = arg;

    wheel_set(loop_wheel(r->loop), &r->timer, loop_now_ns(r->loop) + 20 * NS_PER_MS, ring, r);
}

TEST(loop_earlier_timer, "a timer that is set for an earlier time than the others is not late")
{
    struct loop *l = local_loop();
    struct ring far = { .loop = l }, near = { .loop = l };
    struct timer first = { 0 };
    uint64_t start = clock_monotonic_ns();

    wheel_set(loop_wheel(l), &far.timer, start + 3 * NS_PER_S, ring, &far);
    wheel_set(loop_wheel(l), &first, start + 10 * NS_PER_MS, set_earlier, &near);
    local_run(l);
    CHECK_EQUAL(far.times, 0);
    CHECK_EQUAL(near.times, 1);
    CHECK(near.at_ns < start + NS_PER_S);
    wheel_cancel(&far.timer);
    loop_free(&l);
}

static void write_letter(void *arg)
{
    struct ring *r = arg;

    r->times++;
    *strchr(r->order, 0) = r->letter;
    if (r->letter == 'c')
        loop_stop(r->loop);
}

static void order_more(void *arg)
{
    struct ring *r = arg;

    loop_at_turn_end(r->loop, &r[0].end, write_letter, &r[0]);
    loop_at_turn_end(r->loop, &r[1].end, write_letter, &r[1]);
    loop_at_turn_end(r->loop, &r[0].end, write_letter, &r[0]);
    loop_at_turn_end(r->loop, &r[3].end, write_letter, &r[3]);
    turn_end_cancel(&r[3].end);
    turn_end_cancel(&r[3].end);
    loop_at_turn_end(r->loop, &r[2].end, write_letter, &r[2]);
}

TEST(loop_turn_end, "work for the end of the turn is done once, in order, unless it is called off")
{
    struct loop *l = local_loop();
    char order[8] = "";
    struct timer first = { 0 };
    struct ring r[4];

    for (size_t i = 0; i < 4; i++)
        r[i] = (struct ring){ .loop = l, .order = order, .letter = "abcd"[i] };
    wheel_set(loop_wheel(l), &first, clock_monotonic_ns(), order_more, r);
    local_run(l);
    CHECK_TEXT(order, "abc");
    loop_free(&l);
}

static void *wake_later(void *arg)
{
    usleep(20000);
    loop_wake(arg);
    return NULL;
}

TEST(loop_wakes, "another thread wakes a loop that waits for nothing else")
{
    struct loop *l = local_loop();
    struct ring r = { .loop = l };
    pthread_t thread;

    loop_on_wake(l, ring, &r);
    CHECK_EQUAL(thread_start(&thread, "waker", wake_later, l), OK);
    local_run(l);
    pthread_join(thread, NULL);
    CHECK_EQUAL(r.times, 1);
    loop_free(&l);
}

static void read_one(void *arg, unsigned events)
{
    struct ring *r = arg;

    r->times += events == LOOP_READABLE;
    loop_stop(r->loop);
}

TEST(loop_watches, "a descriptor is told of when it is ready, for what was asked")
{
    struct loop *l = local_loop();
    struct ring r = { .loop = l };
    struct watch *w;
    int ends[2];

    CHECK_EQUAL(pipe(ends), 0);
    CHECK_EQUAL(watch_open(&w, l, ends[0], read_one, &r), OK);
    CHECK_EQUAL(watch_for(w, LOOP_READABLE), OK);
    CHECK_EQUAL(write(ends[1], "x", 1), 1);
    local_run(l);
    CHECK_EQUAL(r.times, 1);
    CHECK_EQUAL(watch_for(w, 0), OK);
    watch_close(&w);
    close(ends[0]);
    close(ends[1]);
    loop_free(&l);
}

TEST(loop_tells_of_ends, "an end that has been left by the other side is ready to be read")
{
    struct loop *l = local_loop();
    struct ring r = { .loop = l };
    struct watch *w;
    int ends[2];

    CHECK_EQUAL(pipe(ends), 0);
    CHECK_EQUAL(watch_open(&w, l, ends[0], read_one, &r), OK);
    CHECK_EQUAL(watch_for(w, LOOP_READABLE), OK);
    close(ends[1]);
    local_run(l);
    CHECK_EQUAL(r.times, 1);
    watch_close(&w);
    close(ends[0]);
    loop_free(&l);
}

struct pair {
    struct loop *loop;
    struct watch *watches[2];
    unsigned times;
};

static void close_both(void *arg, unsigned events)
{
    struct pair *p = arg;

    (void)events;
    p->times++;
    watch_close(&p->watches[0]);
    watch_close(&p->watches[1]);
    loop_stop(p->loop);
}

TEST(loop_forgets, "who was closed by another one that was ready at the same time is not called")
{
    struct loop *l = local_loop();
    struct pair p = { .loop = l };
    int ends[2][2];

    for (size_t i = 0; i < 2; i++) {
        CHECK_EQUAL(pipe(ends[i]), 0);
        CHECK_EQUAL(watch_open(&p.watches[i], l, ends[i][0], close_both, &p), OK);
        CHECK_EQUAL(watch_for(p.watches[i], LOOP_READABLE), OK);
        CHECK_EQUAL(write(ends[i][1], "x", 1), 1);
    }
    local_run(l);
    CHECK_EQUAL(p.times, 1);
    for (size_t i = 0; i < 2; i++) {
        close(ends[i][0]);
        close(ends[i][1]);
    }
    loop_free(&l);
}

static void quiet_the_other(void *arg, unsigned events)
{
    struct pair *p = arg;

    (void)events;
    p->times++;
    CHECK_EQUAL(watch_for(p->watches[0], 0), OK);
    CHECK_EQUAL(watch_for(p->watches[1], 0), OK);
    loop_stop(p->loop);
}

TEST(loop_quiet, "who is not waited for any more is not called, ready as it may be")
{
    struct loop *l = local_loop();
    struct pair p = { .loop = l };
    int ends[2][2];

    for (size_t i = 0; i < 2; i++) {
        CHECK_EQUAL(pipe(ends[i]), 0);
        CHECK_EQUAL(watch_open(&p.watches[i], l, ends[i][0], quiet_the_other, &p), OK);
        CHECK_EQUAL(watch_for(p.watches[i], LOOP_READABLE), OK);
        CHECK_EQUAL(write(ends[i][1], "x", 1), 1);
    }
    local_run(l);
    CHECK_EQUAL(p.times, 1);
    for (size_t i = 0; i < 2; i++) {
        watch_close(&p.watches[i]);
        close(ends[i][0]);
        close(ends[i][1]);
    }
    loop_free(&l);
}
