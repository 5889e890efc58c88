#ifndef UPSTREAM_WATCH_H
#define UPSTREAM_WATCH_H

struct channel;

/* A channel has something to wait for: a connection, or an answer. Costs nothing when it is watched
 * already. */
void watch_begins(struct channel *c);

#endif
