/* io/loop.c - one thread's turn: wait, handle what is ready, send what was gathered.
 *
 * Called by: everybody who waits for a descriptor or for time.
 * Owns: the libuv loop. Timers live in the wheel, which one libuv timer drives.
 */
#include "io/loop.h"

#include "base/clock.h"

#include <stdlib.h>
#include <uv.h>

struct loop {
    uv_loop_t uv;
    uv_prepare_t before_wait;
    uv_timer_t alarm;
    uv_async_t wake;
    uint64_t now_ns;      /* 0: not yet read in this turn */
    uint64_t alarm_at_ns; /* when `alarm` rings, or UINT64_MAX */
    struct wheel wheel;
    struct list turn_ends;
    loop_fn *on_wake;
    void *on_wake_arg;
    uint8_t *scratch;
};

struct watch {
    uv_poll_t poll;
    watch_fn *fn;
    void *arg;
    unsigned events;
};

static void ring(uv_timer_t *alarm)
{
    struct loop *l = alarm->data;

    l->alarm_at_ns = UINT64_MAX;
    wheel_advance(&l->wheel, loop_now_ns(l));
}

/* A later alarm than needed would be late, an earlier one only wakes once in vain: so the alarm is
 * moved forward only. */
static void set_alarm(struct loop *l)
{
    uint64_t at_ns = wheel_next_ns(&l->wheel), now_ns = clock_monotonic_ns();

    if (at_ns >= l->alarm_at_ns)
        return;
    l->alarm_at_ns = at_ns;
    uv_update_time(&l->uv);
    uv_timer_start(&l->alarm, ring, at_ns > now_ns ? (at_ns - now_ns) / NS_PER_MS + 1 : 0, 0);
}

static void end_turn(uv_prepare_t *before_wait)
{
    struct loop *l = before_wait->data;

    for (struct list *node = list_first(&l->turn_ends); node; node = list_first(&l->turn_ends)) {
        struct turn_end *work = LIST_OF(node, struct turn_end, link);

        list_remove(node);
        work->fn(work->arg);
    }
    set_alarm(l);
    l->now_ns = 0;
}

static void woken(uv_async_t *wake)
{
    struct loop *l = wake->data;

    if (l->on_wake)
        l->on_wake(l->on_wake_arg);
}

err_t loop_new(struct loop **ret_loop)
{
    struct loop *l = calloc(1, sizeof *l);

    if (!l)
        return ERR_NOMEM;
    l->scratch = malloc(LOOP_SCRATCH_SIZE);
    if (!l->scratch || uv_loop_init(&l->uv) != 0) {
        free(l->scratch);
        free(l);
        return ERR_NOMEM;
    }
    uv_prepare_init(&l->uv, &l->before_wait);
    uv_timer_init(&l->uv, &l->alarm);
    uv_async_init(&l->uv, &l->wake, woken);
    l->before_wait.data = l->alarm.data = l->wake.data = l;
    uv_prepare_start(&l->before_wait, end_turn);
    wheel_init(&l->wheel, clock_monotonic_ns());
    list_init(&l->turn_ends);
    l->alarm_at_ns = UINT64_MAX;
    *ret_loop = l;
    return OK;
}

void loop_free(struct loop **loop)
{
    struct loop *l = *loop;

    if (!l)
        return;
    *loop = NULL;
    uv_close((uv_handle_t *)&l->before_wait, NULL);
    uv_close((uv_handle_t *)&l->alarm, NULL);
    uv_close((uv_handle_t *)&l->wake, NULL);
    uv_run(&l->uv, UV_RUN_DEFAULT);
    uv_loop_close(&l->uv);
    free(l->scratch);
    free(l);
}

void loop_run(struct loop *l)
{
    uv_run(&l->uv, UV_RUN_DEFAULT);
}

void loop_stop(struct loop *l)
{
    uv_stop(&l->uv);
}

uint64_t loop_now_ns(struct loop *l)
{
    if (l->now_ns == 0)
        l->now_ns = clock_monotonic_ns();
    return l->now_ns;
}

struct wheel *loop_wheel(struct loop *l)
{
    return &l->wheel;
}

void loop_on_wake(struct loop *l, loop_fn *fn, void *arg)
{
    l->on_wake = fn;
    l->on_wake_arg = arg;
}

void loop_wake(struct loop *l)
{
    uv_async_send(&l->wake);
}

void loop_at_turn_end(struct loop *l, struct turn_end *work, loop_fn *fn, void *arg)
{
    if (work->link.next && work->link.next != &work->link)
        return;
    work->fn = fn;
    work->arg = arg;
    list_append(&l->turn_ends, &work->link);
}

void turn_end_cancel(struct turn_end *work)
{
    if (work->link.next)
        list_remove(&work->link);
}

uint8_t *loop_scratch(struct loop *l)
{
    return l->scratch;
}

/* An error shows as readiness: the next read or write then says which it is. libuv stops watching
 * on an error, but there may be bytes to read before it. */
static void poll_ready(uv_poll_t *poll, int status, int events)
{
    struct watch *w = poll->data;
    unsigned ready = 0;

    if (status < 0) {
        ready = w->events;
        w->events = 0;
        watch_for(w, ready);
    }
    if (events & UV_READABLE)
        ready |= LOOP_READABLE;
    if (events & UV_WRITABLE)
        ready |= LOOP_WRITABLE;
    w->fn(w->arg, ready);
}

err_t watch_open(struct watch **ret_watch, struct loop *l, int fd, watch_fn *fn, void *arg)
{
    struct watch *w = malloc(sizeof *w);

    if (!w)
        return ERR_NOMEM;
    if (uv_poll_init(&l->uv, &w->poll, fd) != 0) {
        free(w);
        return ERR_SYSTEM;
    }
    w->poll.data = w;
    w->fn = fn;
    w->arg = arg;
    w->events = 0;
    *ret_watch = w;
    return OK;
}

static void free_watch(uv_handle_t *poll)
{
    free(poll->data);
}

void watch_close(struct watch **w)
{
    if (!*w)
        return;
    uv_close((uv_handle_t *)&(*w)->poll, free_watch);
    *w = NULL;
}

err_t watch_for(struct watch *w, unsigned events)
{
    int wanted =
        (events & LOOP_READABLE ? UV_READABLE : 0) | (events & LOOP_WRITABLE ? UV_WRITABLE : 0);

    if (events == w->events)
        return OK;
    w->events = events;
    if (events == 0)
        return uv_poll_stop(&w->poll) == 0 ? OK : ERR_SYSTEM;
    return uv_poll_start(&w->poll, wanted, poll_ready) == 0 ? OK : ERR_SYSTEM;
}
