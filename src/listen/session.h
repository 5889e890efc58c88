#ifndef LISTEN_SESSION_H
#define LISTEN_SESSION_H

#include "base/addr.h"
#include "base/list.h"
#include "base/pool.h"
#include "base/slice.h"

#include <stdbool.h>

struct listener;
struct session;

/* The connections of one listener. */
struct session_set {
    struct listener *listener;
    struct pool pool;
    struct list open;
    bool draining;
};

void session_set_init(struct session_set *set, struct listener *listener);
void session_set_done(struct session_set *set); /* closes all */

/* Takes `fd` over: a session begins, or the connection is closed because of a limit. */
void session_begin(struct session_set *set, int fd, const union addr *client);

/* Sends `response` (nothing when it is empty) to the session that `handle` names, if it still
 * lives. */
void session_reply(struct session_set *set, uint64_t handle, struct slice response);

/* What has arrived is still read; then sessions close as soon as all is answered. */
void session_set_drain(struct session_set *set);

#endif
