#ifndef BASE_POOL_H
#define BASE_POOL_H

#include <stddef.h>
#include <stdint.h>

struct pool_slot;

/* Objects of one size, at most `max` of them, at addresses that stay. Memory is taken from the
 * system in blocks as it is needed and given back by pool_done. Belongs to one thread. */
struct pool {
    size_t object_size, slot_size, max, used, made;
    struct pool_slot *free;
    char **blocks;
};

/* Nothing is allocated before the first pool_take. */
void pool_init(struct pool *p, size_t object_size, size_t max);
void pool_done(struct pool *p);

/* An object with undefined contents, or NULL when `max` are in use or memory is out. */
void *pool_take(struct pool *p);
void pool_give(struct pool *p, void *object);

/* A name for an object that outlives it: pool_find returns NULL once it was given back. */
uint64_t pool_handle(const void *object);
void *pool_find(const struct pool *p, uint64_t handle);

#endif
