/* upstream/equal.c - which questions are in the air already.
 *
 * Called by: group.c. Owns: nothing; a flight is linked by its own member.
 */
#include "upstream/equal.h"

#include "upstream/flight.h"

void equal_init(struct equal *e, struct random *random)
{
    e->key = (struct hash_key){ random_u64(random), random_u64(random) };
    memset(e->buckets, 0, sizeof e->buckets);
}

struct flight *equal_join(struct equal *e, struct flight *f)
{
    struct flight **bucket, *other;

    f->hash = hash_bytes(&e->key, flight_identity(f));
    bucket = &e->buckets[f->hash % EQUAL_BUCKETS];
    for (other = *bucket; other; other = other->next_equal)
        if (other->hash == f->hash && other->group == f->group &&
            slice_equal(flight_identity(other), flight_identity(f)))
            return other;
    f->next_equal = *bucket;
    *bucket = f;
    return NULL;
}

void equal_remove(struct equal *e, struct flight *f)
{
    struct flight **at = &e->buckets[f->hash % EQUAL_BUCKETS];

    while (*at != f)
        at = &(*at)->next_equal;
    *at = f->next_equal;
}
