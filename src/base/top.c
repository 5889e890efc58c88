/* base/top.c - which of many keys come most often.
 *
 * Called by: worker/tally.c. Each place counts one key. A heap has the lowest count at its top: a
 * newcomer takes over that place with its count, so that no count is ever too low. A table of
 * hashes finds the place of a key.
 */
#include "base/top.h"

#include <stdlib.h>

struct place {
    uint64_t hash, count, over, marked;
    uint16_t in_heap;
    uint8_t key_len;
};

struct top {
    size_t size, used, key_max;
    size_t slot_mask;
    struct place *places;
    uint8_t *keys;   /* of all places */
    uint16_t *heap;  /* of places; the children of i are 2i + 1 and 2i + 2 */
    uint16_t *slots; /* places by their hash, and 1; 0: none */
};

err_t top_new(struct top **ret_top, size_t places, size_t key_max)
{
    struct top *t = calloc(1, sizeof *t);
    size_t slots = 4;

    if (!t)
        return ERR_NOMEM;
    while (slots < 2 * places)
        slots *= 2;
    t->size = places;
    t->key_max = key_max;
    t->slot_mask = slots - 1;
    t->places = calloc(places, sizeof *t->places);
    t->keys = calloc(places, key_max);
    t->heap = calloc(places, sizeof *t->heap);
    t->slots = calloc(slots, sizeof *t->slots);
    if (!t->places || !t->keys || !t->heap || !t->slots) {
        top_free(&t);
        return ERR_NOMEM;
    }
    *ret_top = t;
    return OK;
}

void top_free(struct top **top)
{
    struct top *t = *top;

    if (!t)
        return;
    free(t->places);
    free(t->keys);
    free(t->heap);
    free(t->slots);
    free(t);
    *top = NULL;
}

void top_clear(struct top *t)
{
    t->used = 0;
    memset(t->slots, 0, (t->slot_mask + 1) * sizeof *t->slots);
}

static struct slice key_of(const struct top *t, size_t place)
{
    return slice_of(t->keys + place * t->key_max, t->places[place].key_len);
}

/* Where the key is in the table, or would be. */
static size_t find_slot(const struct top *t, uint64_t hash, struct slice key)
{
    size_t slot = hash & t->slot_mask;

    for (; t->slots[slot]; slot = (slot + 1) & t->slot_mask) {
        size_t place = t->slots[slot] - 1u;

        if (t->places[place].hash == hash && slice_equal(key_of(t, place), key))
            break;
    }
    return slot;
}

/* Those behind the gap move up, as far as they may: none is to be looked for across a gap. */
static void remove_slot(struct top *t, size_t gap)
{
    for (size_t slot = (gap + 1) & t->slot_mask; t->slots[slot]; slot = (slot + 1) & t->slot_mask) {
        size_t home = t->places[t->slots[slot] - 1u].hash & t->slot_mask;

        if (((slot - home) & t->slot_mask) < ((slot - gap) & t->slot_mask))
            continue;
        t->slots[gap] = t->slots[slot];
        gap = slot;
    }
    t->slots[gap] = 0;
}

static void put_in_heap(struct top *t, size_t at, uint16_t place)
{
    t->heap[at] = place;
    t->places[place].in_heap = (uint16_t)at;
}

static uint64_t count_at(const struct top *t, size_t at)
{
    return t->places[t->heap[at]].count;
}

/* Its count has grown. */
static void sink(struct top *t, size_t at)
{
    uint16_t place = t->heap[at];

    for (;;) {
        size_t child = 2 * at + 1;

        if (child + 1 < t->used && count_at(t, child + 1) < count_at(t, child))
            child++;
        if (child >= t->used || count_at(t, child) >= t->places[place].count)
            break;
        put_in_heap(t, at, t->heap[child]);
        at = child;
    }
    put_in_heap(t, at, place);
}

static void rise(struct top *t, size_t at)
{
    uint16_t place = t->heap[at];

    while (at > 0 && count_at(t, (at - 1) / 2) > t->places[place].count) {
        put_in_heap(t, at, t->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    put_in_heap(t, at, place);
}

/* A place for a newcomer: a free one, or the one with the lowest count. */
static uint16_t make_place(struct top *t)
{
    uint16_t place;

    if (t->used < t->size) {
        place = (uint16_t)t->used;
        t->places[place] = (struct place){ 0 };
        put_in_heap(t, t->used++, place);
        rise(t, t->used - 1);
        return place;
    }
    place = t->heap[0];
    remove_slot(t, find_slot(t, t->places[place].hash, key_of(t, place)));
    t->places[place].over = t->places[place].count;
    t->places[place].marked = 0;
    return place;
}

static uint16_t take_in(struct top *t, uint64_t hash, struct slice key)
{
    uint16_t place = make_place(t);

    t->places[place].hash = hash;
    t->places[place].key_len = (uint8_t)key.len;
    memcpy(t->keys + place * t->key_max, key.data, key.len);
    t->slots[find_slot(t, hash, key)] = (uint16_t)(place + 1);
    return place;
}

void top_add(struct top *t, uint64_t hash, struct slice key, uint64_t weight, bool is_marked)
{
    size_t slot;
    uint16_t place;

    if (key.len == 0 || key.len > t->key_max)
        return;
    slot = find_slot(t, hash, key);
    place = t->slots[slot] ? (uint16_t)(t->slots[slot] - 1u) : take_in(t, hash, key);
    t->places[place].count += weight;
    t->places[place].marked += is_marked ? weight : 0;
    sink(t, t->places[place].in_heap);
}

size_t top_count(const struct top *t)
{
    return t->used;
}

struct top_item top_at(const struct top *t, size_t i)
{
    const struct place *p = &t->places[i];

    return (struct top_item){ key_of(t, i), p->count, p->over, p->marked };
}
