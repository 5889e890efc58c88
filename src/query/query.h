#ifndef QUERY_QUERY_H
#define QUERY_QUERY_H

#include "base/addr.h"
#include "base/slice.h"
#include "base/wheel.h"
#include "dns/compose.h"
#include "dns/cookie.h"
#include "query/source.h"
#include "query/verdict.h"

struct listener; /* NULL in a query that no client has sent */
struct stage;
struct upstream_set;
struct worker;

/* What the cache knew when it was asked. */
enum cache_look { LOOK_NONE, LOOK_HIT, LOOK_MISS, LOOK_EXPIRED };

/* One question from one client, from its arrival to its response. Before it has passed the doorman
 * it may be no question at all: see `asked`. */
struct query {
    /* who asks, and through which door */
    struct worker *worker;
    struct listener *listener;
    uint64_t handle; /* the listener's own: a session */
    union addr client;
    union addr peer, local; /* of a datagram: who gets the response, who is not always the client */
    bool has_local;         /* `local` is where a datagram was sent to */
    bool is_proven;         /* `client` is no forgery: it has shown that it hears us */
    /* what is asked */
    uint64_t arrived_ns;  /* monotonic */
    struct slice message; /* as received; once the query has waited a copy, or nothing */
    uint8_t *kept;        /* that copy; NULL: there is none */
    uint16_t message_len;
    struct message_query asked;
    struct {
        enum cookie_state state;
        uint8_t bytes[COOKIE_SIZE]; /* of the response, unless the state is COOKIE_NONE */
    } cookie;
    struct verdict verdict;
    /* where it is */
    const struct stage *stage;
    bool has_stale;        /* an expired response would do if no upstream answers */
    bool is_answered;      /* nobody waits any more, but the answer is still wanted */
    struct timer patience; /* how long the client waits before the expired response will do */
    uint64_t routing;      /* of the upstreams that are asked */
    struct upstream_set *upstreams; /* those; and what the question is called there */
    uint64_t ticket;
    struct {
        struct list link;        /* among those that have to make room if need be */
        uint64_t client, domain; /* what it counts for */
        bool is_taken;
    } place; /* among those that wait */
    /* what is answered */
    const struct upstream_answer *answer; /* while it is judged */
    enum query_source source;
    enum cache_look look;
    const char *upstream; /* the URL of who gave it; borrowed while it is judged. NULL: nobody */
    const char *upstream_transport; /* that brought it */
    struct compose_local own;       /* records of our own; borrowed from a rule */
    struct compose_fault fault;     /* of a response of our own without records */
    struct slice response;          /* what the listener sends; nothing when it is empty */
};

#endif
