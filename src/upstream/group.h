#ifndef UPSTREAM_GROUP_H
#define UPSTREAM_GROUP_H

#include "upstream/flight.h"

struct group_rules;

/* A group as one worker uses it. */
struct group {
    const struct group_rules *rules;
    unsigned turn;   /* its policy's */
    unsigned credit; /* for hedges, in hundredths of a question */
};

void group_init(struct group *g, const struct group_rules *rules);

/* Who is to be asked next: one that is well and was not tried, of the group or of those it falls
 * back on; for want of one the one whose pause ends first; NULL when all were tried. `f` is not
 * changed. */
struct upstream *group_choose(const struct flight *f, uint64_t tried);

/* As group_choose, but NULL when nobody is well. */
struct upstream *group_choose_well(const struct flight *f, uint64_t tried);

/* Whom a question about `name` (wire form, in small letters) would be put to first; NULL when
 * nobody is well. Changes nothing, so chance may decide otherwise. */
const struct upstream *group_foresee(const struct upstream_set *s, unsigned group,
                                     struct slice name);

/* Upstreams that failed and may be tried again are asked a copy of `f`. */
void group_probe_failed(const struct flight *f);

/* A question came: the credit grows. */
void group_earns(struct group *g);

/* Whether one more hedge is within the budget; then it is paid for. */
bool group_pays(struct group *g);

/* How long a question waits for `u` before another one is asked too; UINT64_MAX: for ever. */
uint64_t group_hedge_delay(const struct group *g, const struct upstream *u);

#endif
