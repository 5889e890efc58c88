#ifndef UPSTREAM_FLIGHT_H
#define UPSTREAM_FLIGHT_H

#include "base/list.h"
#include "base/wheel.h"
#include "upstream/ask.h"

struct channel;
struct group_rules;
struct upstream;

/* Who is told what came of a flight. */
struct waiter {
    struct list link;
    upstream_answer_fn *answer;
    void *arg;
};

/* One question in the air and all who wait for it. */
struct flight {
    struct list link;          /* in its channel, its upstream's bench, or the group's lost ones */
    struct flight *next_equal; /* in the group's table of questions */
    uint64_t hash;             /* of the question */
    struct list waiters;
    struct flight *next_match; /* in its channel's match */
    struct upstream_set *group;
    const struct group_rules *rules; /* of the group that is asked */
    struct upstream *upstream;       /* who is asked, or NULL */
    struct channel *channel;         /* where it was sent, or NULL while it waits for one */
    struct timer timer;              /* the end of this attempt */
    uint64_t deadline_ns;            /* of all attempts; nothing pushes it out */
    uint64_t attempt_ns;             /* when this attempt began */
    uint64_t sent_ns;
    uint64_t tried; /* a bit for each upstream of the group that failed in this round */
    uint8_t rounds, moves;
    uint16_t id;
    enum phase phase; /* of the last failure */
    err_t err;
    uint16_t qtype, qclass;
    uint8_t name_len; /* of QNAME, in `query` behind the header */
    uint16_t query_len;
    uint8_t query[DNS_QUERY_MAX];
};

static inline struct slice flight_query(const struct flight *f)
{
    return slice_of(f->query, f->query_len);
}

/* All of the query but its id: what makes two questions equal. The name is in small letters. */
static inline struct slice flight_identity(const struct flight *f)
{
    return slice_of(f->query + 2, f->query_len - 2u);
}

static inline struct slice flight_name(const struct flight *f)
{
    return slice_of(f->query + DNS_HEADER_SIZE, f->name_len);
}

#endif
