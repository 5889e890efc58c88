/* tests/replay/acceptor.c - lets in who waits at a door. */
#include "io/acceptor.h"

#include "io/loop.h"
#include "replay/world.h"

#include <stdlib.h>

#define ACCEPTS_A_TURN 64

struct acceptor {
    struct socket *door;
    struct source source;
    const struct acceptor_handler *handler;
    void *arg;
};

static bool is_ready(const void *arg)
{
    return !list_is_empty(&((const struct acceptor *)arg)->door->to_code);
}

static void accept_one(struct acceptor *a)
{
    struct socket *s = LIST_OF(list_first(&a->door->to_code), struct socket, waits);

    list_remove(&s->waits);
    a->handler->accepted(a->arg, s->fd, &s->peer);
}

static void run(void *arg)
{
    for (unsigned i = 0; i < ACCEPTS_A_TURN && is_ready(arg); i++)
        accept_one(arg);
}

err_t acceptor_open(struct acceptor **ret_acceptor, struct loop *l, int fd,
                    const struct acceptor_handler *handler, void *arg)
{
    struct acceptor *a = malloc(sizeof *a);

    if (!a) {
        world_code_closes(world_find(fd));
        return ERR_NOMEM;
    }
    *a = (struct acceptor){ .door = world_find(fd), .handler = handler, .arg = arg };
    a->source = (struct source){ .is_ready = is_ready, .run = run, .arg = a };
    loop_add(l, &a->source);
    *ret_acceptor = a;
    return OK;
}

void acceptor_close(struct acceptor **a)
{
    if (!*a)
        return;
    while (is_ready(*a))
        accept_one(*a);
    list_remove(&(*a)->source.link);
    world_code_closes((*a)->door);
    free(*a);
    *a = NULL;
}
