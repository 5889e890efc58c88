#ifndef BASE_HEADCOUNT_H
#define BASE_HEADCOUNT_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/* How many of each key are inside, in memory of fixed size and without locks: a count-min sketch
 * (Cormode and Muthukrishnan 2005) of two rows that also counts down. Never too low; two keys that
 * collide in both rows share their number. For any thread. */
struct headcount;

/* Rows of `cells`, a power of two up to 2^32, 4 bytes each; ERR_NOMEM. */
err_t headcount_new(struct headcount **ret_headcount, size_t cells);
void headcount_free(struct headcount **h);

/* One more of `key`, which is a hash that nobody else can foresee; returns how many there are now.
 */
size_t headcount_enter(struct headcount *h, uint64_t key);
void headcount_leave(struct headcount *h, uint64_t key); /* one that has entered */
size_t headcount_of(const struct headcount *h, uint64_t key);

#endif
