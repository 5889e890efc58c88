#ifndef QUERYLOG_DESK_H
#define QUERYLOG_DESK_H

#include "query/query.h"
#include "querylog/belt.h"

/* What the streams that are open want of the workers. */
enum querylog_wants {
    WANTS_RECORDS = 1,  /* of each query */
    WANTS_MESSAGES = 2, /* as they came, also those that upstreams sent and were sent */
};

/* One worker's side of the query log: its records go into a belt, from which another thread takes
 * them. */
struct querylog_desk {
    _Atomic unsigned wants; /* written by main */
    /* Written by the worker, read by any thread. */
    _Atomic uint64_t noted, lost;    /* records of queries */
    _Atomic uint64_t exchanges_lost; /* records of exchanges with upstreams */
    _Atomic bool is_in_turn;         /* there are records that wait for its end */
    struct belt belt;                /* made before the desk opens, and never taken away */
};

/* What the query itself does not know. All is borrowed until the callee returns, the texts that are
 * `const char *` for good. */
struct querylog_facts {
    const char *transport;
    const union addr *listener;
    const char *tls_version; /* "" without TLS */
    struct slice sni;
    struct slice upstream; /* its URL */
    const char *upstream_transport;
};

/* One question to an upstream, and its answer. */
struct querylog_exchange {
    const union addr *upstream;
    const char *transport;
    uint64_t asked_ns, answered_ns; /* monotonic */
    uint16_t id;                    /* that the question bore */
    struct slice query, response;
};

static inline unsigned querylog_wants(const struct querylog_desk *d)
{
    return atomic_load_explicit(&d->wants, memory_order_acquire);
}

static inline bool querylog_is_in_turn(const struct querylog_desk *d)
{
    return atomic_load_explicit(&d->is_in_turn, memory_order_acquire);
}

/* Notes a query that has its response, or will get none. Never waits: when the belt is full the
 * record is lost, and counted. */
void querylog_note(struct querylog_desk *d, const struct query *q,
                   const struct querylog_facts *facts);
void querylog_note_exchange(struct querylog_desk *d, const struct querylog_exchange *x);

/* A query for which there was no memory: it has no record. */
void querylog_lose(struct querylog_desk *d);

/* What was noted in this turn has been answered by `now_ns`, and goes to the streams. */
void querylog_turn_ends(struct querylog_desk *d, uint64_t now_ns);

#endif
