#ifndef UPSTREAM_CHANNEL_H
#define UPSTREAM_CHANNEL_H

#include "base/addr.h"
#include "base/list.h"
#include "upstream/ask.h"
#include "upstream/match.h"
#include "upstream/transport.h"

struct flight;
struct upstream;

/* One socket or connection to a server, with the questions that are in flight on it. */
struct channel {
    const struct transport_ops *ops;
    struct upstream *upstream; /* borrowed */
    struct list link;          /* its upstream's */
    struct list flights;       /* in the order they were sent */
    struct match match;
    union addr peer;  /* which of the server's addresses; no family until it is connected */
    unsigned queries; /* sent in its life */
    bool is_ready, has_answered;
    uint64_t last_answer_ns;
    enum phase phase; /* how far it has come */
};

/* Opens a channel of `ops` to the upstream's server and links it there. */
err_t channel_open(struct channel **ret_channel, struct upstream *u,
                   const struct transport_ops *ops);

/* Closes the channel; its flights stay behind in `ret_left`, without a channel. */
void channel_close(struct channel *c, struct list *ret_left);

bool channel_has_room(const struct channel *c);
bool channel_is_used_up(const struct channel *c);

/* Puts `f` on the channel: it is sent now, or as soon as the channel is ready. */
void channel_send(struct channel *c, struct flight *f);

/* Sends the flight's query once more, under the id it has. */
void channel_repeat(struct channel *c, struct flight *f);

/* Takes `f` off: a response that still comes is not ours any more. */
void channel_forget(struct channel *c, struct flight *f);

/* What transports tell. After channel_failed the channel is gone, and after the others it may be.
 */
void channel_ready(struct channel *c);
void channel_received(struct channel *c, struct slice wire);
void channel_failed(struct channel *c, err_t err, const char *reason);

#endif
