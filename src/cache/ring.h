#ifndef CACHE_RING_H
#define CACHE_RING_H

#include "cache/index.h"

/* A part of a shard's data in which entries lie one behind the other, oldest at the tail. All
 * numbers are words of eight bytes. Only who holds the shard's lock uses it. */
struct ring {
    uint32_t start, size; /* its part of the data */
    uint32_t head, tail;  /* from `start`: where the next entry goes, where the oldest lies */
    uint32_t used;
    uint32_t lap; /* how often the head has gone around */
    uint32_t tail_lap;
};

void ring_init(struct ring *r, uint32_t start, uint32_t size);

static inline uint32_t ring_left(const struct ring *r)
{
    return r->size - r->used;
}

void ring_clear(struct ring *r);

/* Whether `words` can be appended, in one piece. */
bool ring_fits(const struct ring *r, uint32_t words);

/* Takes room that fits. When it skips the ring's end, `ret_skipped` is the place there that must be
 * marked by a word of zero; otherwise PLACE_MAX. */
struct place ring_append(struct ring *r, uint32_t words, uint32_t *ret_skipped);

/* The oldest entry's place; the ring is not empty. */
struct place ring_oldest(const struct ring *r);

/* Gives back the oldest entry's `words`; 0 for what was skipped at the ring's end. */
void ring_drop(struct ring *r, uint32_t words);

#endif
