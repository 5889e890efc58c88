#ifndef QUERYLOG_ROTATION_H
#define QUERYLOG_ROTATION_H

#include "base/err.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

/* Old files of PATH are called PATH.1 (the newest), PATH.2 and so on, or PATH.1.gz when they are
 * compressed. */
#define ROTATION_PATH_MAX (PATH_MAX + 32)

/* The name of old file number `index`. */
const char *rotation_name(const char *path, unsigned index, bool is_compressed,
                          char name[ROTATION_PATH_MAX]);

/* Makes `path` old file number 1. Of those that there are then, `keep` stay. ERR_SYSTEM with errno,
 * and then `path` is still there. */
err_t rotation_turn(const char *path, unsigned keep);

/* The oldest one of up to `keep` that is not compressed; 0: there is none. */
unsigned rotation_uncompressed(const char *path, unsigned keep);

/* Since 1970, in whole periods of `every_ns`, which begin at midnight UTC when that is a day. */
uint64_t rotation_period(uint64_t wall_ns, uint64_t every_ns);

#endif
