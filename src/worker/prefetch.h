#ifndef WORKER_PREFETCH_H
#define WORKER_PREFETCH_H

#include "base/err.h"
#include "cache/cache.h"

#include <stdbool.h>

struct query;

/* Which responses are being fetched anew; shared by all workers. */
struct prefetch;

err_t prefetch_new(struct prefetch **ret_prefetch);
void prefetch_free(struct prefetch **p);

/* Fetches the response to `q` anew in the background if it is popular and little of its TTL is
 * left, unless any worker does so already. */
void prefetch_if_due(const struct query *q, const struct cache_hit *hit);

#endif
