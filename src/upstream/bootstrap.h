#ifndef UPSTREAM_BOOTSTRAP_H
#define UPSTREAM_BOOTSTRAP_H

#include "upstream/ask.h"
#include "upstream/book.h"

struct message;
struct upstream;

/* One worker's part in resolving the names of its upstreams. Whoever comes first asks, through
 * upstream_ask like any client; all others find the addresses in the servers' books. */
struct bootstrap;

/* Starts at once, for all upstreams of `set`. NULL when none has a name. */
err_t bootstrap_new(struct bootstrap **ret_bootstrap, struct upstream_set *set);

/* Names that have no address are asked for now. Nothing when `b` is NULL. */
void bootstrap_hurries(struct bootstrap *b);

/* The addresses of `u` may be those of yesterday: its name, if it has one, is asked for within
 * seconds. Nothing when `b` is NULL. */
void bootstrap_doubts(struct bootstrap *b, const struct upstream *u);

/* Before its set: what was asked must find nobody any more, or never be answered. */
void bootstrap_free(struct bootstrap **b);

/* What a response says of the addresses of a name. */
struct bootstrap_answer {
    bool is_usable; /* NOERROR, so that no address means: there is none */
    uint32_t ttl;   /* the smallest of all records of the answer */
    size_t count;
    union addr addrs[BOOK_MAX];
};

/* The addresses of all records of the type that was asked for, whatever their owner: so a chain of
 * CNAME records is followed. Each once, BOOK_MAX at most, and none that no server can have. */
void bootstrap_read(const struct message *m, uint16_t port, struct bootstrap_answer *ret_answer);

#endif
