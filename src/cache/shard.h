#ifndef CACHE_SHARD_H
#define CACHE_SHARD_H

#include "cache/entry.h"
#include "cache/ring.h"

#include <pthread.h>

#define CACHE_LINE 64

/* A part of the cache that has its own lock, index and room. What readers use stands on a cache
 * line of its own. NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding) */
struct shard {
    /* readers use these, and nobody writes them after the start */
    struct index index;
    _Atomic uint64_t *data;
    uint32_t data_words, entry_words; /* all, and what one entry may have */
    const struct hash_key *secret;

    /* all the rest belongs to who holds the lock */
    _Alignas(CACHE_LINE) pthread_mutex_t lock;
    struct ring small, main;
    uint64_t *ghosts; /* four fingerprints a word, two words a bucket: what was put out lately */
    size_t entries;
    uint64_t insertions, evictions, expirations;
};

/* Bytes that the parts of a shard take, when all together may take `size`. */
struct shard_shape {
    uint32_t buckets, small_words, main_words;
};

struct shard_shape shard_shape(size_t size);
size_t shard_bytes(const struct shard_shape *shape);

/* `memory` holds shard_bytes zeroes, and begins a cache line. */
err_t shard_init(struct shard *s, const struct shard_shape *shape, void *memory,
                 const struct hash_key *secret);
void shard_done(struct shard *s);

/* Copies the entry of `key` out. Any thread, at any time; writes nothing but a visit. */
bool shard_get(const struct shard *s, uint64_t hash, const struct cache_key *key,
               union entry_room *ret_room, unsigned *ret_visits);

/* The same, and writes nothing at all. */
bool shard_peek(const struct shard *s, uint64_t hash, const struct cache_key *key,
                union entry_room *ret_room);

/* When an entry goes: what has not been usable since is put out without regret. */
struct shard_time {
    uint32_t now_s, stale_s;
};

enum shard_put {
    PUT_ALWAYS,
    PUT_IF_ABSENT,
};

/* Copies an entry in, with the visits it had elsewhere. */
void shard_put(struct shard *s, uint64_t hash, const struct cache_key *key,
               const union entry_room *room, struct shard_time time, enum shard_put how);

/* Removes the entries below `name`, or all when it is NULL; returns how many. */
size_t shard_flush(struct shard *s, const struct slice *name);

/* Copies out the entry that word number `at` of the index stands for. Any thread, at any time. */
bool shard_read(const struct shard *s, size_t at, union entry_room *ret_room);

static inline size_t shard_index_words(const struct shard *s)
{
    return (size_t)s->index.buckets * BUCKET_WORDS;
}

#endif
