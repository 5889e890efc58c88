#ifndef MICRO_NAMES_H
#define MICRO_NAMES_H

#include "cache/cache.h"

#define NAME_RESPONSE_MAX 128

/* A client's query for name number `n`, and the response to it: one address, about 75 bytes. */
void name_query(struct message_query *q, uint64_t n);
void name_put(struct cache *c, uint64_t n, uint32_t now_s);

/* Whether the cache answers it; `room` holds the response. */
bool name_get(struct cache *c, const struct message_query *q, uint32_t now_s, uint8_t *room,
              size_t size);

struct cache *name_cache(size_t size);
size_t name_wire_len(uint64_t n);

#endif
