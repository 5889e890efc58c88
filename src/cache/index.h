#ifndef CACHE_INDEX_H
#define CACHE_INDEX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Where a shard's entries are. Two buckets of eight words may bear an entry; each bucket is one
 * cache line, and nothing else need be read to know that an entry is not here. All threads read the
 * words; only who holds the shard's lock writes them, but for the visits, which any reader adds.
 *
 * A word, from the top: 20 bits of the hash, 1 that says that the word is in use, 11 for the ring's
 * lap, 2 for visits, 30 for the place. A word never comes back with another entry: for that the
 * ring would have to go around 2048 times while one reader copies one entry. */
typedef _Atomic uint64_t index_word;

#define BUCKET_WORDS 8
#define VISITS_MAX   3
#define PLACE_BITS   30
#define PLACE_MAX    (1u << PLACE_BITS)

struct index {
    index_word *words;
    uint32_t buckets;
};

/* Where an entry is, in words of the shard's data, and on which lap of its ring. */
struct place {
    uint32_t at, lap;
};

uint64_t index_word_of(uint64_t hash, struct place place, unsigned visits);

static inline uint32_t word_place(uint64_t word)
{
    return (uint32_t)word & (PLACE_MAX - 1);
}

static inline unsigned word_visits(uint64_t word)
{
    return (unsigned)(word >> PLACE_BITS) & VISITS_MAX;
}

static inline uint64_t word_without_visits(uint64_t word)
{
    return word & ~((uint64_t)VISITS_MAX << PLACE_BITS);
}

/* Walks the words that may stand for an entry with this hash. */
struct index_walk {
    index_word *buckets[2];
    uint64_t tag;
    uint32_t matches; /* a bit for each word that bore the tag, and was not yet walked over */
};

struct index_walk index_walk(const struct index *index, uint64_t hash);

/* The next one, with its value; NULL at the end. */
index_word *index_next(struct index_walk *walk, uint64_t *ret_word);

/* The word of the very entry that lies there; NULL when it is no longer indexed. */
index_word *index_find(const struct index *index, uint64_t hash, struct place place);

/* A word to be filled, in the emptier bucket. When both are full, the least visited of them, which
 * is in use. */
index_word *index_room(const struct index *index, uint64_t hash);

/* The number of one of an entry's buckets, for tables that go along with the index. */
uint32_t index_bucket(const struct index *index, uint64_t hash);

#endif
