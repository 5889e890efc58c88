/* tests/replay/crowd.h - many clients who wait, and room for few. */
#ifndef REPLAY_CROWD_H
#define REPLAY_CROWD_H

#include "replay/script.h"

#define ROOM(more)                                                                                 \
    "limit: {mode: enforce, allow: [192.0.2.0/24], rate: 0/s, subdomain_rate: 0/s, " more "}\n"
#define THREE ROOM("waiting: 3")

/* Clients `from` to `to` each ask for a name of their own, n1.crowd.example and so on. */
void crowd_asks(unsigned from, unsigned to);
void crowd_expects_answers(unsigned from, unsigned to);

void crowd_expects_truncated(unsigned client, uint16_t id);

/* How many wait. */
size_t crowd_size(void);

/* As many queries, people who wait for an answer and questions in the air are there, and no more.
 */
void crowd_is(size_t queries, size_t flights);

#endif
