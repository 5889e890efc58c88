#ifndef LISTEN_DOOR_H
#define LISTEN_DOOR_H

#include "listen/listen.h"
#include "listen/session.h"
#include "listen/talk.h"
#include "log/log.h"

struct acceptor;

/* A listener on connections. */
struct stream_door {
    struct listener base;
    struct acceptor *acceptor;
    struct session_set sessions;
    struct log_gate starved;
};

err_t door_open(struct listener *l, int fd);
void door_reply(struct listener *l, const struct query *query);
void door_tell_tls(const struct listener *l, uint64_t handle, struct client_tls *ret_tls);
void door_drain(struct listener *l);
bool door_is_drained(const struct listener *l);
void door_close(struct listener *l);

/* What the ops of all such listeners have in common. */
#define STREAM_DOOR                                                                                \
    .stream = true, .size = sizeof(struct stream_door), .open = door_open, .reply = door_reply,    \
    .tell_tls = door_tell_tls, .drain = door_drain, .is_drained = door_is_drained,                 \
    .close = door_close

#endif
