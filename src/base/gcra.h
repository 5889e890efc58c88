#ifndef BASE_GCRA_H
#define BASE_GCRA_H

#include "base/err.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How fast many keys may go, each for itself: the generic cell rate algorithm (ITU-T I.371
 * annex A), one atomic word a key, in a table of fixed size that all threads share. What a key
 * may do is a bucket of `burst` tokens that fills at `rate` a second; a key that was left alone
 * until its bucket is full costs nothing to forget. When more keys are busy than there are words,
 * the one with the fullest bucket makes room, and the newcomer begins with half a bucket at least:
 * so a full table neither locks anybody out nor lets everybody through. */
struct gcra;

/* `tolerance` is what a full bucket is worth. Both in ticks of 64 ns. */
struct gcra_rate {
    uint64_t interval, tolerance;
};

#define GCRA_LONGEST_S 86400 /* burst divided by rate, at most */

/* `per_second` and `burst` are 1 at least. */
struct gcra_rate gcra_rate_of(uint64_t per_second, uint64_t burst);

/* Room for `keys` busy keys, 64 at least; ERR_NOMEM. */
err_t gcra_new(struct gcra **ret_gcra, size_t keys);
void gcra_free(struct gcra **g);

/* For any thread; `key` is a hash that nobody else can foresee. */

/* Takes `cost` tokens, unless there are fewer. */
bool gcra_take(struct gcra *g, uint64_t key, const struct gcra_rate *rate, unsigned cost,
               uint64_t now_ns);

/* A token that is there and is not taken yet: who needs one of several keys looks at all of them
 * first, and then pays all or none. */
struct gcra_bid {
    _Atomic uint64_t *word;
    uint64_t seen, after;
};

/* Whether there is a token. Nothing has changed when there is none. */
bool gcra_look(struct gcra *g, uint64_t key, const struct gcra_rate *rate, uint64_t now_ns,
               struct gcra_bid *ret_bid);

/* Takes what gcra_look has found with the same arguments. */
void gcra_pay(struct gcra *g, uint64_t key, const struct gcra_rate *rate, uint64_t now_ns,
              struct gcra_bid *bid);

/* Takes `cost` tokens; what is missing is owed, one bucket at most. */
void gcra_owe(struct gcra *g, uint64_t key, const struct gcra_rate *rate, unsigned cost,
              uint64_t now_ns);

/* The tokens that are left; changes nothing. */
uint64_t gcra_left(const struct gcra *g, uint64_t key, const struct gcra_rate *rate,
                   uint64_t now_ns);

#endif
