#ifndef CACHE_EVICT_H
#define CACHE_EVICT_H

#include "cache/shard.h"

/* All of it only with the shard's lock held. */

/* Takes room for an entry in `ring`, whose oldest entries make place. */
struct place evict_for(struct shard *s, struct ring *ring, size_t words, struct shard_time time);

/* Where a new entry begins: main when it was put out of small lately, which is forgotten now. */
struct ring *evict_ring(struct shard *s, uint64_t hash);

/* Removes the entry of a word in use. */
void shard_remove(struct shard *s, index_word *at);

/* Copies between room and data, by words that readers may look at meanwhile. False when there is no
 * entry at `at`. */
bool shard_copy_out(const struct shard *s, uint32_t at, union entry_room *ret_room);
void shard_copy_in(struct shard *s, uint32_t at, const union entry_room *room);

#endif
