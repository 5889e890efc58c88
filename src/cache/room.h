#ifndef CACHE_ROOM_H
#define CACHE_ROOM_H

#include "cache/shard.h"

#define SHARDS_MAX 16 /* a power of two */

/* The beginning of the one mapping; the shards' parts lie behind it. */
struct cache {
    size_t size;
    unsigned shard_count;
    struct hash_key secret;
    /* seconds; written by a reload, read by all */
    _Atomic uint32_t min_ttl, max_ttl, negative_max_ttl, failure_ttl, stale;
    struct shard shards[SHARDS_MAX];
};

struct lifetimes cache_lifetimes(const struct cache *c);

/* When an entry was stored. */
struct cache_moment {
    uint32_t now_s, stored_s;
    bool is_restored; /* it comes from a file: what is there already is newer */
    bool is_expired;  /* nobody knows when, but it is over */
};

/* Whether it may be kept, and so is there now. */
bool cache_put_at(struct cache *c, const struct cache_key *key, const struct message *response,
                  const struct cache_moment *moment);

#endif
