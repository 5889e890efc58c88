#ifndef UPSTREAM_WATCH_H
#define UPSTREAM_WATCH_H

struct attempt;
struct channel;

/* A channel has something to wait for: a connection, or an answer. Costs nothing when it is watched
 * already. */
void watch_begins(struct channel *c);

/* `a` is given up: until something comes, silence is counted from when it was sent. */
void watch_remembers(struct channel *c, const struct attempt *a);

#endif
