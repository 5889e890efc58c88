/* tests/replay/netwatch.c - a network that changes when the script says so. */
#include "io/netwatch.h"

#include "base/clock.h"
#include "io/loop.h"
#include "replay/script.h"

#include <stdlib.h>

#define SETTLES_NS (100 * NS_PER_MS)

struct netwatch {
    struct list link; /* the world's */
    struct loop *loop;
    struct timer settles;
    netwatch_fn *changed;
    void *arg;
};

err_t netwatch_open(struct netwatch **ret_watch, struct loop *l, netwatch_fn *changed, void *arg)
{
    struct netwatch *w = malloc(sizeof *w);

    if (!w)
        return ERR_NOMEM;
    *w = (struct netwatch){ .loop = l, .changed = changed, .arg = arg };
    list_append(&world.netwatches, &w->link);
    world.code_holds++;
    *ret_watch = w;
    return OK;
}

void netwatch_close(struct netwatch **watch)
{
    struct netwatch *w = *watch;

    if (!w)
        return;
    *watch = NULL;
    wheel_cancel(&w->settles);
    list_remove(&w->link);
    world.code_holds--;
    free(w);
}

static void has_settled(void *arg)
{
    struct netwatch *w = arg;

    w->changed(w->arg);
}

void network_changes(void)
{
    list_for_each (node, &world.netwatches) {
        struct netwatch *w = LIST_OF(node, struct netwatch, link);

        if (!timer_is_set(&w->settles))
            wheel_set(loop_wheel(w->loop), &w->settles, loop_now_ns(w->loop) + SETTLES_NS,
                      has_settled, w);
    }
    settle();
}
