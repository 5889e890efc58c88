#ifndef LISTEN_SESSION_H
#define LISTEN_SESSION_H

#include "base/addr.h"
#include "base/list.h"
#include "base/pool.h"
#include "base/wheel.h"
#include "codec/frame.h"
#include "codec/http_date.h"
#include "io/loop.h"
#include "listen/wire.h"

#include <stdbool.h>

struct arrival;
struct http;
struct listen_context;
struct listener;

/* The connections of one listener. */
struct session_set {
    struct listener *listener;
    struct pool pool;
    struct pool exchanges; /* requests without a response, over HTTP */
    struct http_date date; /* of the last one */
    struct list open;
    bool draining;
};

/* One client's connection. */
struct session {
    struct session_set *set;
    struct list link;
    struct wire wire;
    union {
        struct frame frame; /* talk_dns */
        struct {
            struct http *http; /* NULL until it is known which kind */
            struct list exchanges;
            uint8_t preface_len; /* of HTTP/2's, while that is not known */
        };                       /* talk_http */
    };
    size_t held; /* bytes counted at the admission */
    struct turn_end settle;
    struct timer timer;
    uint64_t begun_ns;
    uint64_t partial_since_ns; /* `partial` has been half read */
    uint64_t last_progress_ns; /* the client sent a query or took a response */
    uint64_t finished_ns;      /* our last words; 0 before */
    unsigned queries;          /* without a response */
    uint32_t asked;            /* queries in all */
    uint32_t partial;          /* the oldest message that is half read; 0: none */
    bool is_ready, client_finished, doomed, paused;
    bool is_used_up; /* it has had its number of queries */
    bool owes;       /* there was something to say when that, or the draining, began */
    union addr client;
};

void session_set_init(struct session_set *set, struct listener *listener);
void session_set_done(struct session_set *set); /* closes all */

/* Takes `fd` over: a session begins, or the connection is closed because of a limit. */
void session_begin(struct session_set *set, int fd, const union addr *peer);

/* What has arrived is still read; then sessions close as soon as all is answered. */
void session_set_drain(struct session_set *set);

/* For the talks: */

struct listen_context *session_context(const struct session *s);

/* A query has come. The listener's reply follows, maybe at once. */
void session_ask(struct session *s, const struct arrival *arrival);

/* A query that was asked has its response, which is still to be said: `bytes` more or less. */
void session_answered(struct session *s);

/* Something is to be sent, or has changed: the session is looked at when this turn ends. */
void session_settle_soon(struct session *s);

/* As much waits to be sent that it should not wait for the end of the turn. */
void session_flush_if_much(struct session *s);

/* Ends the session at the end of this turn and counts why; METRIC_COUNT stands for no reason. */
void session_doom(struct session *s, enum metric why);

#endif
