#ifndef UPSTREAM_MATCH_H
#define UPSTREAM_MATCH_H

#include <stddef.h>
#include <stdint.h>

struct attempt;
struct random;

#define MATCH_BUCKETS 256 /* a channel's questions share them: a few each */

/* The questions of one channel by their ids. */
struct match {
    size_t count;
    struct attempt *buckets[MATCH_BUCKETS];
};

/* Gives `a` an id that nobody can guess and no other question of this channel has. */
void match_add(struct match *m, struct attempt *a, struct random *random);
struct attempt *match_find(const struct match *m, uint16_t id);
void match_remove(struct match *m, struct attempt *a);

#endif
