#ifndef UPSTREAM_EQUAL_H
#define UPSTREAM_EQUAL_H

#include "base/hash.h"
#include "base/random.h"

struct flight;

#define EQUAL_BUCKETS 4096

/* The questions in the air, so that equal ones are asked once. Besides saving work this is what
 * keeps a forger from having many chances at one name (the birthday attack, RFC 5452 section 5). */
struct equal {
    struct hash_key key; /* secret: nobody can fill one bucket */
    struct flight *buckets[EQUAL_BUCKETS];
};

void equal_init(struct equal *e, struct random *random);

/* The flight in the air that asks the same of the same group as `f`, or NULL; then `f` itself was
 * put in. */
struct flight *equal_join(struct equal *e, struct flight *f);
void equal_remove(struct equal *e, struct flight *f);

#endif
