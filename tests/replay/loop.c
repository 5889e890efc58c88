/* tests/replay/loop.c - a loop without descriptors: the script turns it by hand.
 *
 * As in io/loop.c: wakes and what is ready first, then timers, then the end of the turn.
 */
#include "io/loop.h"

#include "base/clock.h"
#include "replay/world.h"

#include <stdlib.h>

struct loop {
    uint64_t now_ns; /* 0: not yet read in this turn */
    struct wheel wheel;
    struct list turn_ends, sources;
    bool woken, stopped;
    loop_fn *on_wake;
    void *on_wake_arg;
    uint8_t *scratch;
};

err_t loop_new(struct loop **ret_loop)
{
    struct loop *l = calloc(1, sizeof *l);

    if (!l)
        return ERR_NOMEM;
    l->scratch = malloc(LOOP_SCRATCH_SIZE);
    if (!l->scratch) {
        free(l);
        return ERR_NOMEM;
    }
    wheel_init(&l->wheel, clock_monotonic_ns());
    list_init(&l->turn_ends);
    list_init(&l->sources);
    *ret_loop = l;
    return OK;
}

void loop_free(struct loop **loop)
{
    if (!*loop)
        return;
    free((*loop)->scratch);
    free(*loop);
    *loop = NULL;
}

void loop_add(struct loop *l, struct source *source)
{
    list_append(&l->sources, &source->link);
}

/* A source may remove itself and others, and those that join have to wait for the next turn. */
static bool run_sources(struct loop *l)
{
    struct list old;
    bool busy = false;

    list_init(&old);
    list_move_all(&old, &l->sources);
    for (struct list *node = list_first(&old); node; node = list_first(&old)) {
        struct source *source = LIST_OF(node, struct source, link);

        list_remove(node);
        list_append(&l->sources, node);
        if (!source->is_ready(source->arg))
            continue;
        busy = true;
        source->run(source->arg);
    }
    return busy;
}

static bool run_turn_ends(struct loop *l)
{
    bool busy = !list_is_empty(&l->turn_ends);

    for (struct list *node = list_first(&l->turn_ends); node; node = list_first(&l->turn_ends)) {
        struct turn_end *work = LIST_OF(node, struct turn_end, link);

        list_remove(node);
        work->fn(work->arg);
    }
    return busy;
}

bool loop_turn(struct loop *l)
{
    bool busy = l->woken;

    if (l->stopped)
        return false;
    l->woken = false;
    if (busy && l->on_wake)
        l->on_wake(l->on_wake_arg);
    busy |= run_sources(l);
    busy |= wheel_next_ns(&l->wheel) <= clock_monotonic_ns();
    wheel_advance(&l->wheel, loop_now_ns(l));
    if (l->stopped) /* the real one, too, leaves before the end of the turn */
        return true;
    busy |= run_turn_ends(l);
    l->now_ns = 0;
    return busy;
}

void loop_run(struct loop *l)
{
    while (loop_turn(l))
        ;
}

void loop_stop(struct loop *l)
{
    l->stopped = true;
}

bool loop_is_stopped(const struct loop *l)
{
    return l->stopped;
}

uint64_t loop_now_ns(struct loop *l)
{
    if (l->now_ns == 0)
        l->now_ns = clock_monotonic_ns();
    return l->now_ns;
}

uint64_t loop_busy_since_ns(const struct loop *l)
{
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
    l->woken = true;
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
