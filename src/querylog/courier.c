/* querylog/courier.c - a thread for each sink, so that none waits for another.
 *
 * Called by: outlet.c. Owns: the thread and its loop.
 */
#include "querylog/courier.h"

#include "base/clock.h"
#include "base/thread.h"
#include "io/loop.h"
#include "querylog/sink.h"

#include <errno.h>

#define TICK_NS      NS_PER_S         /* for what comes with time alone: retries, rotation */
#define FINISHING_NS (20 * NS_PER_MS) /* between two looks whether all is done */

enum { ORDER_REOPEN = 1, ORDER_FINISH = 2 };

static void tick(void *arg);

static bool has_finished(struct courier *c, bool is_late)
{
    struct sink *s = c->sink;

    if (!is_late && !tray_is_empty(&s->tray))
        return false;
    return !s->ops->finish || s->ops->finish(s, is_late);
}

/* What comes next, once all that can be done now is done. */
static void go_on(struct courier *c)
{
    uint64_t pause_ns = c->is_finishing ? FINISHING_NS : TICK_NS;

    if (c->is_finishing && has_finished(c, false))
        loop_stop(c->loop);
    else if (!timer_is_set(&c->tick) || c->is_finishing)
        wheel_set(loop_wheel(c->loop), &c->tick, loop_now_ns(c->loop) + pause_ns, tick, c);
}

static void tick(void *arg)
{
    struct courier *c = arg;

    c->sink->ops->flush(c->sink);
    go_on(c);
}

static void give_up(void *arg)
{
    struct courier *c = arg;

    has_finished(c, true);
    loop_stop(c->loop);
}

static void begin_finishing(struct courier *c)
{
    if (c->is_finishing)
        return;
    c->is_finishing = true;
    wheel_set(loop_wheel(c->loop), &c->deadline, loop_now_ns(c->loop) + c->patience_ms * NS_PER_MS,
              give_up, c);
}

static void be_woken(void *arg)
{
    struct courier *c = arg;
    struct sink *s = c->sink;
    unsigned orders;

    atomic_store(&c->is_woken, false);
    orders = atomic_exchange(&c->orders, 0);
    if ((orders & ORDER_REOPEN) && s->ops->reopen)
        s->ops->reopen(s);
    if (orders & ORDER_FINISH)
        begin_finishing(c);
    s->ops->flush(s);
    go_on(c);
}

static void *run(void *arg)
{
    struct courier *c = arg;

    while (sem_wait(&c->go) != 0)
        ;
    if (c->is_cancelled)
        return NULL;
    c->prepare(c->arg);
    if (c->sink->ops->begin)
        c->sink->ops->begin(c->sink);
    be_woken(c);
    loop_run(c->loop);
    return NULL;
}

err_t courier_init(struct courier *c, struct sink *sink, courier_fn *prepare, void *arg)
{
    c->sink = sink;
    c->prepare = prepare;
    c->arg = arg;
    TRY(loop_new(&c->loop));
    loop_on_wake(c->loop, be_woken, c);
    sink->loop = c->loop;
    sem_init(&c->go, 0, 0);
    TRY(thread_start(&c->thread, "dotproxy-sink", run, c));
    c->runs = true;
    return OK;
}

void courier_go(struct courier *c)
{
    c->has_gone = true;
    sem_post(&c->go);
}

void courier_wake(struct courier *c)
{
    if (!atomic_exchange(&c->is_woken, true))
        loop_wake(c->loop);
}

static void order(struct courier *c, unsigned order)
{
    atomic_fetch_or(&c->orders, order);
    courier_wake(c);
}

void courier_reopen(struct courier *c)
{
    order(c, ORDER_REOPEN);
}

/* The order hands `patience_ms` over to the thread. */
void courier_finish(struct courier *c, unsigned patience_ms)
{
    if (c->patience_ms)
        return;
    c->patience_ms = patience_ms ? patience_ms : 1;
    order(c, ORDER_FINISH);
}

/* The library waits for a thread by the clock on the wall only, as far as sanitizers know. */
static struct timespec wall_time_of(uint64_t until_ns)
{
    uint64_t now_ns = clock_monotonic_ns();
    uint64_t at_ns = clock_wall_ns() + (until_ns > now_ns ? until_ns - now_ns : 0);

    return (struct timespec){ .tv_sec = (time_t)(at_ns / NS_PER_S),
                              .tv_nsec = (long)(at_ns % NS_PER_S) };
}

bool courier_join(struct courier *c, uint64_t until_ns)
{
    struct timespec until;

    if (!c->runs)
        return true;
    if (!c->has_gone) { /* it ends at once */
        c->is_cancelled = true;
        courier_go(c);
        until_ns = UINT64_MAX / 4;
    }
    until = wall_time_of(until_ns);
    if (pthread_timedjoin_np(c->thread, NULL, &until) != 0) {
        pthread_detach(c->thread);
        return false;
    }
    c->runs = false;
    return true;
}

bool courier_has_ended(struct courier *c)
{
    if (c->runs && pthread_tryjoin_np(c->thread, NULL) == 0)
        c->runs = false;
    return !c->runs;
}

void courier_done(struct courier *c)
{
    if (!c->loop)
        return;
    loop_free(&c->loop);
    sem_destroy(&c->go);
}
