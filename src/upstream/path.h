#ifndef UPSTREAM_PATH_H
#define UPSTREAM_PATH_H

#include <stdint.h>

struct upstream_set;

/* Whether the machine has slept since the last look. Zero it first. */
struct path {
    uint64_t looked_ns;
    uint64_t slept_ns; /* since the machine was started */
};

/* Finds out what became of all connections if the machine has slept. Looks a few times a second at
 * most, however often it is called. */
void path_look(struct upstream_set *s);

/* Leaves the connections that have lost their way, and tries again what was given up for a while.
 */
void path_check(struct upstream_set *s);

#endif
