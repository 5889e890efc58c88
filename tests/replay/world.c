/* tests/replay/world.c - an outside that holds still until the script moves it.
 *
 * Called by: the bodies of this folder, which stand in for base/clock, base/random and io/.
 */
#include "replay/world.h"

#include <stdlib.h>

#define START_NS (1000 * 1000000000ull)
#define WALL_NS  (1750000000 * 1000000000ull)
#define WINDOW   (4u << 20)
#define FIRST_FD 1000000 /* above whatever the process itself has open */

struct world world;

void world_begin(uint64_t seed)
{
    world = (struct world){ .monotonic_ns = START_NS,
                            .wall_ns = WALL_NS,
                            .seed = seed * 2 + 1,
                            .host = 1,
                            .last_fd = FIRST_FD };
    list_init(&world.open);
    list_init(&world.closed);
    list_init(&world.netwatches);
}

static void free_packets(struct list *packets)
{
    list_for_each (node, packets)
        free(LIST_OF(node, struct packet, link));
    list_init(packets);
}

void world_end(void)
{
    list_move_all(&world.closed, &world.open);
    list_for_each (node, &world.closed) {
        struct socket *s = LIST_OF(node, struct socket, link);

        if (s->kind == SOCKET_DGRAM) {
            free_packets(&s->to_code);
            free_packets(&s->to_script);
        }
        buffer_done(&s->in);
        buffer_done(&s->out);
        free(s);
    }
    list_init(&world.closed);
}

/* xorshift64* (Vigna 2016). */
uint64_t world_random(void)
{
    world.seed ^= world.seed >> 12;
    world.seed ^= world.seed << 25;
    world.seed ^= world.seed >> 27;
    return world.seed * 2685821657736338717ull;
}

struct socket *world_socket(enum socket_kind kind)
{
    struct socket *s = calloc(1, sizeof *s);

    if (!s)
        abort();
    s->kind = kind;
    s->fd = ++world.last_fd;
    s->window = WINDOW;
    list_init(&s->to_code);
    list_init(&s->to_script);
    list_init(&s->waits);
    list_append(&world.open, &s->link);
    world.code_holds++;
    return s;
}

struct socket *world_find(int fd)
{
    list_for_each (node, &world.open)
        if (LIST_OF(node, struct socket, link)->fd == fd)
            return LIST_OF(node, struct socket, link);
    return NULL;
}

void world_code_closes(struct socket *s)
{
    if (s->code_closed)
        abort(); /* closed twice: the second one would be somebody else's */
    s->code_closed = true;
    world.code_holds--;
    list_remove(&s->link);
    list_append(&world.closed, &s->link);
    buffer_done(&s->in);
    if (s->kind == SOCKET_DOOR)
        list_for_each (node, &s->to_code)
            world_code_closes(LIST_OF(node, struct socket, waits));
}

void world_sends(struct list *to, struct slice bytes, const union addr *peer,
                 const union addr *local)
{
    struct packet *p = malloc(sizeof *p + bytes.len);

    if (!p)
        abort();
    p->peer = peer ? *peer : (union addr){ 0 };
    p->local = local ? *local : (union addr){ 0 };
    p->len = bytes.len;
    if (bytes.len)
        memcpy(p->bytes, bytes.data, bytes.len);
    list_append(to, &p->link);
}
