#ifndef BASE_TOP_H
#define BASE_TOP_H

#include "base/err.h"
#include "base/slice.h"

#include <stdbool.h>

/* Which of many keys come most often, in memory of fixed size: Space-Saving (Metwally, Agrawal and
 * El Abbadi 2005). With so many places every key that makes up more than that part of all is among
 * them. For one thread. */
struct top;

struct top_item {
    struct slice key; /* lasts until something is added */
    uint64_t count;   /* never too low */
    uint64_t over;    /* and too high by this at most */
    uint64_t marked;  /* of `count`; never too high */
};

/* 65535 places and keys of 255 bytes at most; ERR_NOMEM. */
err_t top_new(struct top **ret_top, size_t places, size_t key_max);
void top_free(struct top **t);

/* The key comes `weight` times more. `hash` is its hash; nobody else can foresee it. */
void top_add(struct top *t, uint64_t hash, struct slice key, uint64_t weight, bool is_marked);
void top_clear(struct top *t);

/* In no order. */
size_t top_count(const struct top *t);
struct top_item top_at(const struct top *t, size_t i);

#endif
