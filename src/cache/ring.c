/* cache/ring.c - room that is taken at one end and given back at the other, and never in pieces.
 *
 * Called by: shard.c.
 * Never touches the data: it only knows numbers.
 */
#include "cache/ring.h"

void ring_init(struct ring *r, uint32_t start, uint32_t size)
{
    *r = (struct ring){ .start = start, .size = size };
}

void ring_clear(struct ring *r)
{
    r->tail = r->head;
    r->tail_lap = r->lap;
    r->used = 0;
}

bool ring_fits(const struct ring *r, uint32_t words)
{
    const uint32_t to_end = r->size - r->head;

    return words + (to_end < words ? to_end : 0) <= ring_left(r);
}

static void go_around(struct ring *r)
{
    if (r->head == r->size) {
        r->head = 0;
        r->lap++;
    }
}

struct place ring_append(struct ring *r, uint32_t words, uint32_t *ret_skipped)
{
    const uint32_t to_end = r->size - r->head;
    struct place place;

    *ret_skipped = PLACE_MAX;
    if (to_end < words) {
        *ret_skipped = r->start + r->head;
        r->used += to_end;
        r->head = r->size;
        go_around(r);
    }
    place = (struct place){ r->start + r->head, r->lap };
    r->head += words;
    r->used += words;
    go_around(r);
    return place;
}

struct place ring_oldest(const struct ring *r)
{
    return (struct place){ r->start + r->tail, r->tail_lap };
}

void ring_drop(struct ring *r, uint32_t words)
{
    if (words == 0)
        words = r->size - r->tail;
    r->used -= words;
    r->tail += words;
    if (r->tail == r->size) {
        r->tail = 0;
        r->tail_lap++;
    }
}
