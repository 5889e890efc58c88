#ifndef UPSTREAM_UPSTREAM_H
#define UPSTREAM_UPSTREAM_H

#include "base/list.h"
#include "base/wheel.h"
#include "io/loop.h"
#include "upstream/ask.h"
#include "upstream/health.h"
#include "upstream/idle.h"
#include "upstream/latency.h"

struct attempt;
struct candidate;
struct channel;
struct server;
struct server_stats;

/* One server as one worker sees it: its connections, and how it has behaved. */
struct upstream {
    struct server *server; /* borrowed from the roster */
    struct upstream_set *set;
    struct server_stats *stats;  /* this worker's */
    struct candidate *candidate; /* what policies may know of it */
    struct list channels;
    struct list bench; /* attempts that wait for room or for the end of a pause */
    struct health health;
    struct latency latency, handshake;
    struct idle idle;
    struct timer pause;    /* while somebody waits for its end */
    struct turn_end sweep; /* closes channels that nobody needs */
    bool is_probed;        /* a copy of some question is on its way to see how it does */
    uint64_t asked_ns;     /* when it was asked last */
    unsigned index;        /* its place in the roster */
};

void upstream_init(struct upstream *u, struct upstream_set *set, unsigned index);

/* Closes all connections, without a word to the flights. */
void upstream_done(struct upstream *u);

/* Whether it is asked most of what its connections can carry at once. */
bool upstream_is_laden(const struct upstream *u);

/* What flights tell: one attempt more, one less. */
void upstream_is_asked(struct upstream *u);
void upstream_is_left(struct upstream *u);

/* Takes `a`: on a channel with room, a new one, or on the bench. */
void upstream_carry(struct upstream *u, struct attempt *a);

/* Asks again, over the transport that takes responses of any length. */
void upstream_repeat_truncated(struct upstream *u, struct attempt *a);

/* Takes `a` off its channel or the bench. */
void upstream_forget(struct attempt *a);

/* Whether `a`, whose time is over, shows that its whole channel is dead; then all of the channel's
 * attempts have been moved, `a` among them. */
bool upstream_times_out(struct upstream *u, struct attempt *a);

/* A response came; whether it is a good one. */
void upstream_answered(const struct attempt *a, bool is_good);

/* Another upstream has answered before it. */
void upstream_took_longer(const struct attempt *a);

/* A probe is sent, and has ended. */
void upstream_is_probed(struct upstream *u);
void upstream_was_probed(struct upstream *u);

/* Another upstream has answered well what it said SERVFAIL to. */
void upstream_is_blamed(struct upstream *u);

/* Its server has a name that is not resolved yet: others are asked first, and who asks it waits.
 * Then there are addresses: those who wait go on. */
void upstream_has_no_address(struct upstream *u);
void upstream_addresses_known(struct upstream *u);

/* What was begun at `since_ns` came to nothing: it is left alone for a while. */
void upstream_fails(struct upstream *u, enum phase phase, const char *reason, uint64_t since_ns);

/* Puts down where policies and people can see it what has become of `u`. */
void upstream_shows(struct upstream *u);

/* Whether one is there to use at once. */
bool upstream_has_ready_channel(const struct upstream *u);

/* What channels tell. */
void upstream_has_room(struct upstream *u);
void upstream_is_ready(struct upstream *u, struct channel *c);
void upstream_sweeps(struct upstream *u); /* some channel may not be needed any more */
void upstream_lost_channel(struct upstream *u, struct channel *c, err_t err, const char *reason);

/* A channel does not answer as it should: it gets no more questions, and those that it has are
 * asked elsewhere as well. */
void upstream_doubts(struct upstream *u, struct channel *c);

/* A channel has lost its way: the same, and another one is opened. */
void upstream_abandons(struct upstream *u, struct channel *c);

/* A channel will not last: another one takes its place before it ends. */
void upstream_renews(struct upstream *u, struct channel *c);

/* Opens a channel if there may be one more; nobody has to wait for it. */
void upstream_warms_up(struct upstream *u);

/* The network or its addresses have changed: a pause ends, connections that have lost their path
 * are replaced. */
void upstream_tries_again(struct upstream *u);

#endif
