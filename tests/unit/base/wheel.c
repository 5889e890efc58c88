#include "base/wheel.h"
#include "base/clock.h"
#include "unit/test.h"

#include <stdlib.h>

struct alarm {
    struct timer timer;
    struct wheel *wheel;
    uint64_t due_ns, rang_ns;
    unsigned times;
};

static uint64_t now_ns;

static void ring(void *arg)
{
    struct alarm *a = arg;

    a->rang_ns = now_ns;
    a->times++;
}

static void set(struct wheel *w, struct alarm *a, uint64_t due_ns)
{
    a->due_ns = due_ns;
    wheel_set(w, &a->timer, due_ns, ring, a);
}

/* Sleeps as the loop does: until the wheel wants to be woken. */
static void turn_until(struct wheel *w, uint64_t end_ns)
{
    while (wheel_next_ns(w) <= end_ns) {
        now_ns = wheel_next_ns(w);
        wheel_advance(w, now_ns);
    }
    now_ns = end_ns;
    wheel_advance(w, now_ns);
}

TEST(wheel_is_punctual, "a timer fires once, never early, at most a tick late, at any distance")
{
    enum { ALARMS = 2000 };
    static struct alarm alarms[ALARMS];
    struct wheel w;
    const uint64_t start = 12345 * NS_PER_S + 678, tick = 1ull << 22;

    srand(1);
    wheel_init(&w, start);
    for (size_t i = 0; i < ALARMS; i++) {
        uint64_t span = 1ull << (20 + (unsigned)rand() % 21);

        set(&w, &alarms[i], start + (((uint64_t)rand() << 31 | (uint64_t)rand()) % span));
    }
    turn_until(&w, start + (1ull << 41));
    for (size_t i = 0; i < ALARMS; i++) {
        CHECK_EQUAL(alarms[i].times, 1);
        CHECK(alarms[i].rang_ns >= alarms[i].due_ns);
        CHECK(alarms[i].rang_ns <= alarms[i].due_ns + 2 * tick);
    }
    CHECK(wheel_next_ns(&w) == UINT64_MAX);
}

TEST(wheel_waits_beyond_its_span,
     "a timer further away than the wheel reaches still fires when due")
{
    struct alarm far = { 0 };
    struct wheel w;
    const uint64_t day = 24 * 3600 * NS_PER_S;

    wheel_init(&w, 0);
    set(&w, &far, 3 * day);
    turn_until(&w, 3 * day - NS_PER_S);
    CHECK_EQUAL(far.times, 0);
    turn_until(&w, 3 * day + NS_PER_S);
    CHECK_EQUAL(far.times, 1);
}

TEST(wheel_survives_a_leap, "after a long sleep everything that was due fires at once")
{
    struct alarm near = { 0 }, later = { 0 };
    struct wheel w;

    wheel_init(&w, 0);
    set(&w, &near, NS_PER_MS);
    set(&w, &later, 3600 * NS_PER_S);
    wheel_advance(&w, 7200 * NS_PER_S);
    CHECK_EQUAL(near.times, 1);
    CHECK_EQUAL(later.times, 1);
}

TEST(wheel_cancels, "a cancelled timer never fires; one that is set again fires at its new time")
{
    struct alarm gone = { 0 }, moved = { 0 };
    struct wheel w;

    wheel_init(&w, 0);
    set(&w, &gone, NS_PER_S);
    set(&w, &moved, NS_PER_S);
    CHECK(timer_is_set(&gone.timer));
    wheel_cancel(&gone.timer);
    wheel_cancel(&gone.timer);
    CHECK(!timer_is_set(&gone.timer));
    set(&w, &moved, 5 * NS_PER_S);
    turn_until(&w, 4 * NS_PER_S);
    CHECK_EQUAL(moved.times, 0);
    turn_until(&w, 6 * NS_PER_S);
    CHECK_EQUAL(moved.times, 1);
    CHECK_EQUAL(gone.times, 0);
}

static void set_again(void *arg)
{
    struct alarm *a = arg;

    if (++a->times < 3)
        wheel_set(a->wheel, &a->timer, 0, set_again, a);
}

TEST(wheel_moves_on, "a timer that sets itself for the past fires in a later tick, not for ever")
{
    struct alarm again = { 0 };
    struct wheel w;

    wheel_init(&w, 0);
    again.wheel = &w;
    wheel_set(&w, &again.timer, 0, set_again, &again);
    wheel_advance(&w, NS_PER_S);
    CHECK_EQUAL(again.times, 3);
}
