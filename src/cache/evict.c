/* cache/evict.c - who goes when room is needed: S3-FIFO (Yang and others, SOSP 2023).
 *
 * Called by: shard.c, with the lock held.
 * New entries go through a small ring. Who was asked for meanwhile moves on to the main ring, the
 * others leave a fingerprint; who comes back while it is remembered begins in main. In main, who
 * was visited goes around again. A crowd of names that are asked for once never gets past small.
 * docs/decisions/0005-cache.md has the figures.
 */
#include "cache/evict.h"

#define SPARED_MAX      32 /* go around for one that comes in: so a put is never long */
#define GHOST_BITS      16
#define GHOST_MASK      0xffffu
#define GHOSTS_A_WORD   4
#define GHOSTS_A_BUCKET 2 /* in words */

static uint32_t slack_of(const struct shard *s)
{
    return 2 * s->entry_words; /* an entry, and what is skipped at the ring's end */
}

static uint64_t *ghost_word(struct shard *s, uint64_t hash)
{
    const size_t bucket = index_bucket(&s->index, hash);

    return s->ghosts + bucket * GHOSTS_A_BUCKET + (hash >> 63);
}

static uint64_t ghost_of(uint64_t hash)
{
    return (hash >> 32 & GHOST_MASK) | 1; /* never 0, which is nobody */
}

/* A word is a queue of four: the oldest falls out at the top. */
static void remember_ghost(struct shard *s, uint64_t hash)
{
    uint64_t *word = ghost_word(s, hash);

    *word = *word << GHOST_BITS | ghost_of(hash);
}

static bool take_ghost(struct shard *s, uint64_t hash)
{
    uint64_t *word = ghost_word(s, hash);

    for (unsigned shift = 0; shift < GHOSTS_A_WORD * GHOST_BITS; shift += GHOST_BITS) {
        if ((*word >> shift & GHOST_MASK) != ghost_of(hash))
            continue;
        *word &= ~((uint64_t)GHOST_MASK << shift);
        return true;
    }
    return false;
}

struct ring *evict_ring(struct shard *s, uint64_t hash)
{
    return take_ghost(s, hash) ? &s->main : &s->small;
}

static struct place append(struct shard *s, struct ring *ring, size_t words)
{
    uint32_t skipped;
    struct place place = ring_append(ring, (uint32_t)words, &skipped);

    if (skipped != PLACE_MAX)
        atomic_store_explicit(s->data + skipped, 0, memory_order_release);
    return place;
}

/* The oldest of a ring, and whoever asks for its room. */
struct leaving {
    union entry_room room;
    uint64_t hash;
    index_word *at; /* NULL when it is not in the index any more */
    unsigned visits, spared;
    struct shard_time time;
};

/* Copies it to the head of `ring`. Readers find it at its old place, or at the new one. */
static void move(struct shard *s, struct ring *ring, struct leaving *l, unsigned visits)
{
    const struct place place = append(s, ring, entry_words(&l->room.entry));

    shard_copy_in(s, place.at, &l->room);
    atomic_store_explicit(l->at, index_word_of(l->hash, place, visits), memory_order_release);
}

static bool remove_unusable(struct shard *s, struct leaving *l)
{
    if (entry_is_usable(&l->room.entry, l->time.now_s, l->time.stale_s))
        return false;
    shard_remove(s, l->at);
    s->expirations++;
    return true;
}

static bool leave_main(struct shard *s, struct leaving *l)
{
    const uint32_t words = (uint32_t)entry_words(&l->room.entry);

    if (remove_unusable(s, l))
        return true;
    if (l->visits > 0 && l->spared < SPARED_MAX && ring_fits(&s->main, words)) {
        move(s, &s->main, l, l->visits - 1);
        l->spared++;
        return true;
    }
    shard_remove(s, l->at);
    s->evictions++;
    return true;
}

/* Asks the oldest of `ring` to go, by the rule `leave`; false when it stays. What is not in the
 * index any more, a newer version has replaced. */
static bool put_out(struct shard *s, struct ring *ring, struct leaving *l,
                    bool (*leave)(struct shard *, struct leaving *))
{
    const struct place place = ring_oldest(ring);
    uint32_t words = 0;

    if (shard_copy_out(s, place.at, &l->room)) {
        words = (uint32_t)entry_words(&l->room.entry);
        l->hash = entry_hash(s->secret, &l->room.entry);
        l->at = index_find(&s->index, l->hash, place);
        if (l->at) {
            l->visits = word_visits(atomic_load_explicit(l->at, memory_order_relaxed));
            if (!leave(s, l))
                return false;
        }
    }
    ring_drop(ring, words);
    return true;
}

static bool main_has_room(const struct shard *s)
{
    return ring_left(&s->main) >= slack_of(s);
}

static void make_room_in_main(struct shard *s, struct shard_time time)
{
    struct leaving l;

    l.spared = 0;
    l.time = time;
    while (!main_has_room(s))
        put_out(s, &s->main, &l, leave_main);
}

/* Nobody has to go as long as main is not full of what can still be served. */
static bool clear_main(struct shard *s, struct shard_time time)
{
    struct leaving l;

    l.time = time;
    while (!main_has_room(s))
        if (!put_out(s, &s->main, &l, remove_unusable))
            return false;
    return true;
}

static bool leave_small(struct shard *s, struct leaving *l)
{
    if (remove_unusable(s, l))
        return true;
    if (l->visits > 0 || clear_main(s, l->time)) {
        make_room_in_main(s, l->time);
        move(s, &s->main, l, 0);
        return true;
    }
    remember_ghost(s, l->hash);
    shard_remove(s, l->at);
    s->evictions++;
    return true;
}

static void make_room_in_small(struct shard *s, struct shard_time time)
{
    struct leaving l;

    l.time = time;
    while (ring_left(&s->small) < slack_of(s))
        put_out(s, &s->small, &l, leave_small);
}

struct place evict_for(struct shard *s, struct ring *ring, size_t words, struct shard_time time)
{
    if (ring == &s->small)
        make_room_in_small(s, time);
    else
        make_room_in_main(s, time);
    return append(s, ring, words);
}
