#ifndef CACHE_SAVE_H
#define CACHE_SAVE_H

#include "cache/cache.h"
#include "cache/file.h"

/* Writes what is remembered, without failures, beside `path` and to the disk; then it takes the
 * name. No reader or writer of the cache waits for it. ERR_SYSTEM, and `path` is as it was. */
err_t cache_save(struct cache *c, const char *path, const struct cache_clocks *now,
                 size_t *ret_count);

/* Whether there is a place for it, by making what is written beside `path`, empty; else ERR_SYSTEM.
 */
err_t cache_try_save(const char *path);

#endif
