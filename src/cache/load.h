#ifndef CACHE_LOAD_H
#define CACHE_LOAD_H

#include "cache/cache.h"
#include "cache/file.h"

#include <stdio.h>

struct cache_restored {
    size_t count;    /* responses that were read and may be served */
    const char *why; /* why the file is not used, for a person; NULL unless ERR_MALFORMED */
};

/* Puts what a file holds into the cache, unless something newer is there. The time since it was
 * written counts; when the wall clock says that it was written in the future, all is stale. It may
 * take seconds: run it in a thread of its own, while the workers serve. Returns early, with OK,
 * once `stop` (may be NULL) is true.
 *
 * ERR_SYSTEM when it cannot be read (errno is ENOENT when there is none), ERR_MALFORMED when it is
 * torn, old, foreign or wrong. It is checked to its end before the first response is taken. */
err_t cache_load(struct cache *c, const char *path, const struct cache_clocks *now,
                 const _Atomic bool *stop, struct cache_restored *ret_restored);

/* The same for a stream that can be rewound. */
err_t cache_load_stream(struct cache *c, FILE *file, const struct cache_clocks *now,
                        const _Atomic bool *stop, struct cache_restored *ret_restored);

#endif
