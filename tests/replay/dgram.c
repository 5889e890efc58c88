/* tests/replay/dgram.c - datagrams in queues between the code and the script. */
#include "io/dgram.h"

#include "io/loop.h"
#include "replay/world.h"

#include <errno.h>
#include <stdlib.h>

#define BATCH           64
#define RECEIVED_A_TURN 256

struct dgram {
    struct loop *loop;
    struct socket *socket;
    struct source source;
    struct dgram_settings settings;
    const struct dgram_handler *handler;
    void *arg;
    struct turn_end flush;
    struct list gathered;
    unsigned gathered_count;
};

static bool is_ready(const void *arg)
{
    const struct dgram *d = arg;

    return d->socket->error || !list_is_empty(&d->socket->to_code);
}

static void receive_one(struct dgram *d)
{
    struct packet *p = LIST_OF(list_first(&d->socket->to_code), struct packet, link);
    size_t size = d->settings.receive_size;
    const struct datagram datagram = {
        .bytes = slice_of(p->bytes, p->len < size ? p->len : size),
        .peer = &p->peer,
        .local = d->settings.tells_local ? &p->local : NULL,
    };

    list_remove(&p->link);
    d->handler->received(d->arg, &datagram);
    free(p);
}

static void run(void *arg)
{
    struct dgram *d = arg;

    if (d->socket->error) {
        errno = d->socket->error;
        d->socket->error = 0;
        d->handler->failed(d->arg, ERR_SYSTEM);
        return;
    }
    for (unsigned i = 0; i < RECEIVED_A_TURN && !list_is_empty(&d->socket->to_code); i++)
        receive_one(d);
}

static err_t adopt(struct dgram **ret_dgram, struct loop *l, struct socket *s,
                   const struct dgram_settings *settings, const struct dgram_handler *handler,
                   void *arg)
{
    struct dgram *d = calloc(1, sizeof *d);

    if (!d) {
        world_code_closes(s);
        return ERR_NOMEM;
    }
    *d = (struct dgram){
        .loop = l, .socket = s, .settings = *settings, .handler = handler, .arg = arg
    };
    list_init(&d->gathered);
    d->source = (struct source){ .is_ready = is_ready, .run = run, .arg = d };
    loop_add(l, &d->source);
    *ret_dgram = d;
    return OK;
}

err_t dgram_open(struct dgram **ret_dgram, struct loop *l, int fd,
                 const struct dgram_settings *settings, const struct dgram_handler *handler,
                 void *arg)
{
    return adopt(ret_dgram, l, world_find(fd), settings, handler, arg);
}

err_t dgram_connect(struct dgram **ret_dgram, struct loop *l, const union addr *addr,
                    const struct dgram_settings *settings, const struct dgram_handler *handler,
                    void *arg)
{
    struct socket *s = world_socket(SOCKET_DGRAM);

    s->peer = *addr;
    return adopt(ret_dgram, l, s, settings, handler, arg);
}

void dgram_close(struct dgram **dgram)
{
    struct dgram *d = *dgram;

    if (!d)
        return;
    *dgram = NULL;
    dgram_flush(d);
    turn_end_cancel(&d->flush);
    list_remove(&d->source.link);
    world_code_closes(d->socket);
    free(d);
}

static void flush(void *arg)
{
    dgram_flush(arg);
}

void dgram_send(struct dgram *d, struct slice bytes, const union addr *peer,
                const union addr *local)
{
    if (bytes.len > d->settings.send_size)
        return;
    world_sends(&d->gathered, bytes, peer, local);
    if (++d->gathered_count == BATCH)
        dgram_flush(d);
    else
        loop_at_turn_end(d->loop, &d->flush, flush, d);
}

void dgram_flush(struct dgram *d)
{
    list_move_all(&d->socket->to_script, &d->gathered);
    d->gathered_count = 0;
}

void dgram_drain(struct dgram *d)
{
    while (!list_is_empty(&d->socket->to_code))
        receive_one(d);
    list_remove(&d->source.link);
}
