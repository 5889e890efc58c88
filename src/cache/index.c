/* cache/index.c - from a hash to places in a shard's data.
 *
 * Called by: shard.c.
 * Two choices keep the buckets evenly filled (Azar and others 1994): at seven eighths full next to
 * none overflows, without moving anything.
 */
#include "cache/index.h"

#include <stddef.h>

#define LAP_BITS  11
#define IN_USE    ((uint64_t)1 << 43)
#define TAG_SHIFT 44
#define TAG_MASK  ((uint64_t)0xfffff << TAG_SHIFT | IN_USE)

static uint64_t tag_of(uint64_t hash)
{
    /* the buckets are chosen by bits of the hash: mixed, they say something new (Knuth 6.4) */
    return ((hash * 0x9e3779b97f4a7c15u) & TAG_MASK) | IN_USE;
}

uint64_t index_word_of(uint64_t hash, struct place place, unsigned visits)
{
    const uint64_t lap = place.lap & ((1u << LAP_BITS) - 1);

    return tag_of(hash) | lap << (PLACE_BITS + 2) | (uint64_t)visits << PLACE_BITS | place.at;
}

/* A share of 32 bits as a share of the buckets, without a division. */
static uint32_t scale(uint32_t share, uint32_t buckets)
{
    return (uint32_t)((uint64_t)share * buckets >> 32);
}

uint32_t index_bucket(const struct index *index, uint64_t hash)
{
    return scale((uint32_t)hash, index->buckets);
}

/* Bit i: word i bears the tag. Without a branch: where it is nobody can foresee. */
static uint32_t matches_in(const index_word *bucket, uint64_t tag)
{
    uint32_t matches = 0;

    for (unsigned i = 0; i < BUCKET_WORDS; i++) {
        const uint64_t word = atomic_load_explicit(bucket + i, memory_order_relaxed);

        matches |= (uint32_t)((word & TAG_MASK) == tag) << i;
    }
    return matches;
}

struct index_walk index_walk(const struct index *index, uint64_t hash)
{
    const size_t first = index_bucket(index, hash);
    const size_t second = scale((uint32_t)(hash >> 32), index->buckets);
    struct index_walk walk = {
        .buckets = { index->words + first * BUCKET_WORDS, index->words + second * BUCKET_WORDS },
        .tag = tag_of(hash),
    };

    walk.matches = matches_in(walk.buckets[0], walk.tag) | matches_in(walk.buckets[1], walk.tag)
                                                               << BUCKET_WORDS;
    return walk;
}

index_word *index_next(struct index_walk *walk, uint64_t *ret_word)
{
    while (walk->matches) {
        const unsigned i = (unsigned)__builtin_ctz(walk->matches);
        index_word *at = walk->buckets[i / BUCKET_WORDS] + i % BUCKET_WORDS;
        const uint64_t word = atomic_load_explicit(at, memory_order_acquire);

        walk->matches &= walk->matches - 1;
        if ((word & TAG_MASK) != walk->tag)
            continue;
        *ret_word = word;
        return at;
    }
    return NULL;
}

index_word *index_find(const struct index *index, uint64_t hash, struct place place)
{
    const uint64_t wanted = index_word_of(hash, place, 0);
    struct index_walk walk = index_walk(index, hash);
    index_word *at;
    uint64_t word;

    while ((at = index_next(&walk, &word)))
        if (word_without_visits(word) == wanted)
            return at;
    return NULL;
}

/* What a bucket holds. */
struct filling {
    index_word *free, *coldest;
    unsigned used, visits; /* of the coldest */
};

static struct filling look_into(index_word *bucket)
{
    struct filling f = { .visits = VISITS_MAX + 1 };

    for (unsigned i = 0; i < BUCKET_WORDS; i++) {
        const uint64_t word = atomic_load_explicit(bucket + i, memory_order_relaxed);

        if (!word) {
            f.free = bucket + i;
            continue;
        }
        f.used++;
        if (word_visits(word) >= f.visits)
            continue;
        f.visits = word_visits(word);
        f.coldest = bucket + i;
    }
    return f;
}

index_word *index_room(const struct index *index, uint64_t hash)
{
    struct index_walk walk = index_walk(index, hash);
    const struct filling first = look_into(walk.buckets[0]);
    const struct filling second = look_into(walk.buckets[1]);
    const struct filling *better = second.used < first.used ? &second : &first;

    if (better->free)
        return better->free;
    return second.visits < first.visits ? second.coldest : first.coldest;
}
