#ifndef UPSTREAM_FLIGHT_H
#define UPSTREAM_FLIGHT_H

#include "base/wheel.h"
#include "upstream/ask.h"
#include "upstream/attempt.h"

struct group;
struct kept;

#define FLIGHT_ATTEMPTS 2

/* Who is told what came of a flight. */
struct waiter {
    struct list link;
    struct flight *flight; /* NULL while it is told */
    upstream_answer_fn *answer;
    void *arg;
};

/* One question in the air and all who wait for it. */
struct flight {
    struct list link;          /* among the set's lost ones */
    struct flight *next_equal; /* in the set's table of questions */
    uint64_t hash;             /* of the question */
    struct list waiters;
    struct upstream_set *set;
    struct group *group;
    struct attempt attempts[FLIGHT_ATTEMPTS];
    struct timer timer;   /* when something is to be decided next */
    uint64_t deadline_ns; /* of all attempts; nothing pushes it out */
    uint64_t hedge_at_ns; /* UINT64_MAX: it was, or it will not be */
    uint64_t tried;       /* a bit for each upstream that failed in this round */
    bool is_landing;      /* those who wait are told */
    struct kept *kept;    /* a response that will do when nobody has a better one */
    uint64_t blamed;      /* a bit for each upstream that said SERVFAIL or REFUSED */
    struct upstream
        *probed;      /* nobody waits: this one alone is asked, to see how it does; or NULL */
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

/* Asks the first upstream; nothing is decided before this returns. */
void flight_begin(struct flight *f);

/* Asks the one that is probed, and nobody else. */
void flight_begin_probe(struct flight *f);

/* What upstreams and channels tell. The attempt is on no channel and no bench then, and may have
 * become another one when this returns. */

/* `response` is valid and to this question, but may say SERVFAIL. */
void flight_answered(struct attempt *a, const struct message *response);

/* The other attempt goes on, another upstream is asked, or the flight ends. */
void flight_attempt_failed(struct attempt *a, enum phase phase, err_t err);

/* Its connection ended: it begins anew on another one of the same upstream. */
void flight_attempt_moves(struct attempt *a);

/* It may be lost: the question is asked elsewhere as well. It stays where it is, unless the other
 * attempt is in doubt, too. */
void flight_doubts(struct attempt *a);

/* The response that will do when nobody has a better one, or NULL. Lasts until flight_done. */
const struct message *flight_last_resort(const struct flight *f, const struct server **ret_server);

/* A bit for each upstream that is asked at this moment, and whether `u` is one of them. */
uint64_t flight_asked(const struct flight *f);
bool flight_asks(const struct flight *f, const struct upstream *u);

/* Takes all attempts back and stops the timer, before an answer came. That somebody was silent
 * until then is still held against them. */
void flight_give_up(struct flight *f);

/* Takes all attempts back and stops the timer. */
void flight_stop(struct flight *f);
void flight_done(struct flight *f);

#endif
