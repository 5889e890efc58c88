#ifndef UPSTREAM_UPSTREAM_H
#define UPSTREAM_UPSTREAM_H

#include "base/buffer.h"
#include "base/list.h"
#include "base/wheel.h"
#include "io/loop.h"
#include "upstream/ask.h"

struct channel;
struct flight;
struct transport_ops;

/* One server as one worker sees it: its connections, and how it has behaved. */
struct upstream {
    struct server *server; /* borrowed from the group's list */
    const struct upstream_context *context;
    struct list channels;
    unsigned channel_count;
    struct list bench; /* flights that wait for room or for the end of the pause */
    unsigned failures; /* connections in a row that never answered */
    uint64_t paused_until_ns;
    struct timer pause;
    struct buffer ticket;  /* to resume a TLS session with, used once (RFC 8446 appendix C.4) */
    struct turn_end sweep; /* closes used-up channels */
    unsigned index;        /* its place in the group */
};

void upstream_init(struct upstream *u, struct server *server,
                   const struct upstream_context *context, unsigned index);

/* Closes all connections; flights in the air are put into `ret_left`. */
void upstream_done(struct upstream *u, struct list *ret_left);

/* Whether a question would be sent at once, as far as we know. */
bool upstream_is_well(const struct upstream *u, uint64_t now_ns);

/* Takes `f`: on a channel with room, a new one, or on the bench. */
void upstream_carry(struct upstream *u, struct flight *f);

/* Asks again, over the transport that takes responses of any length. */
void upstream_repeat_truncated(struct upstream *u, struct flight *f);

/* Whether `f`, whose attempt timed out, shows that its whole channel is dead; then all of the
 * channel's flights have been moved, `f` among them. */
bool upstream_times_out(struct upstream *u, struct flight *f);

/* Takes `f` off its channel or the bench. */
void upstream_forget(struct flight *f);

/* The name of its server is resolved: those who wait go on. */
void upstream_addresses_known(struct upstream *u);

/* What channels tell. */
void upstream_has_room(struct upstream *u);
void upstream_answered(struct upstream *u);
void upstream_used_up(struct upstream *u); /* a channel is rid of its last question */
void upstream_lost_channel(struct upstream *u, struct channel *c, err_t err, const char *reason);

#endif
