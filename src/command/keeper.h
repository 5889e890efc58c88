#ifndef COMMAND_KEEPER_H
#define COMMAND_KEEPER_H

#include "base/err.h"
#include "cache/cache.h"

/* Keeps a cache over restarts in a file. */
struct keeper;

/* Reads `path` in a thread of its own, while the workers serve already; then writes it
 * every quarter of an hour, for the case of a crash. */
err_t keeper_start(struct keeper **ret_keeper, struct cache *cache, const char *path);

/* Writes the file a last time, and ends the thread. */
void keeper_stop(struct keeper **k);

#endif
