/* upstream/match.c - which question a response answers.
 *
 * Called by: channel.c. Owns: nothing; a flight is linked by its own member.
 */
#include "upstream/match.h"

#include "base/random.h"
#include "upstream/flight.h"

void match_add(struct match *m, struct flight *f, struct random *random)
{
    struct flight **bucket;

    do
        f->id = random_u16(random);
    while (match_find(m, f->id));
    bucket = &m->buckets[f->id % MATCH_BUCKETS];
    f->next_match = *bucket;
    *bucket = f;
    m->count++;
}

struct flight *match_find(const struct match *m, uint16_t id)
{
    struct flight *f = m->buckets[id % MATCH_BUCKETS];

    while (f && f->id != id)
        f = f->next_match;
    return f;
}

void match_remove(struct match *m, struct flight *f)
{
    struct flight **at = &m->buckets[f->id % MATCH_BUCKETS];

    while (*at != f)
        at = &(*at)->next_match;
    *at = f->next_match;
    m->count--;
}
