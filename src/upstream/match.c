/* upstream/match.c - which question a response answers.
 *
 * Called by: channel.c. Owns: nothing; an attempt is linked by its own member.
 */
#include "upstream/match.h"

#include "base/random.h"
#include "upstream/attempt.h"

void match_add(struct match *m, struct attempt *a, struct random *random)
{
    struct attempt **bucket;

    do
        a->id = random_u16(random);
    while (match_find(m, a->id));
    bucket = &m->buckets[a->id % MATCH_BUCKETS];
    a->next_match = *bucket;
    *bucket = a;
    m->count++;
}

struct attempt *match_find(const struct match *m, uint16_t id)
{
    struct attempt *a = m->buckets[id % MATCH_BUCKETS];

    while (a && a->id != id)
        a = a->next_match;
    return a;
}

void match_remove(struct match *m, struct attempt *a)
{
    struct attempt **at = &m->buckets[a->id % MATCH_BUCKETS];

    while (*at != a)
        at = &(*at)->next_match;
    *at = a->next_match;
    m->count--;
}
