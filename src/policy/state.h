#ifndef POLICY_STATE_H
#define POLICY_STATE_H

#include "base/gcra.h"
#include "base/hash.h"
#include "base/headcount.h"
#include "policy/limited.h"

/* What a key of `rates` counts, of a prefix. */
enum rate_of { RATE_OF_UNPROVEN, RATE_OF_PROVEN, RATE_OF_COOKIES, RATE_OF_REFUSALS };

/* For the rules only. What they remember of clients, shared by all workers; each part looks after
 * its own threads. */
struct policy_state {
    struct hash_key key;       /* which nobody outside can foresee; never changes */
    struct hash_key cookies;   /* the same, for cookies: see cookie_secret_of_day */
    struct gcra *rates;        /* of clients */
    struct gcra *misses;       /* of clients, below each registrable domain */
    struct gcra *handshakes;   /* of clients */
    struct headcount *waiting; /* questions of clients, and below domains */
    _Atomic size_t waiting_all;
    struct limited *limited;
};

#endif
