#ifndef QUERYLOG_DESK_H
#define QUERYLOG_DESK_H

#include "query/query.h"
#include "querylog/belt.h"

/* One worker's side of the query log: its records go into a belt, from which another thread takes
 * them. */
struct querylog_desk {
    _Atomic bool is_open;         /* somebody wants records; written by main */
    _Atomic uint64_t noted, lost; /* written by the worker, read by any thread */
    struct belt belt;             /* made before the desk opens, and never taken away */
};

/* What the query itself does not know. All is borrowed until the callee returns, the texts that are
 * `const char *` for good. */
struct querylog_facts {
    uint64_t now_ns;
    const char *transport;
    const union addr *listener;
    const char *tls_version; /* "" without TLS */
    struct slice sni;
    struct slice upstream; /* its URL */
};

static inline bool querylog_wants(const struct querylog_desk *d)
{
    return atomic_load_explicit(&d->is_open, memory_order_acquire);
}

/* Notes a query that has its response, or will get none. Never waits: when the belt is full the
 * record is lost, and counted. */
void querylog_note(struct querylog_desk *d, const struct query *q,
                   const struct querylog_facts *facts);

#endif
