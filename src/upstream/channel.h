#ifndef UPSTREAM_CHANNEL_H
#define UPSTREAM_CHANNEL_H

#include "base/addr.h"
#include "base/list.h"
#include "base/wheel.h"
#include "upstream/ask.h"
#include "upstream/match.h"
#include "upstream/transport.h"

struct attempt;
struct upstream;

#define CHANNEL_ANSWERED 64   /* ids of late answers that are known as such */
#define CHANNEL_LEFT     1024 /* as many as a stream may have in flight */

/* One socket or connection to a server, with the attempts that are under way on it. */
struct channel {
    const struct transport_ops *ops;
    struct upstream *upstream; /* borrowed */
    struct list link;          /* its upstream's */
    struct list attempts;      /* in the order they were sent */
    struct match match;
    union addr peer;  /* which of the server's addresses; no family until it is connected */
    unsigned queries; /* sent in its life */
    bool is_ready, has_answered;
    bool is_suspect; /* it is silent: no more questions */
    bool is_late;    /* the watch's: it will be doubted unless something comes */
    bool is_leaving; /* it will be replaced: no more questions once another one is ready */
    uint64_t opened_ns, phase_ns, last_answer_ns, last_used_ns;
    uint64_t owes_since_ns; /* the watch's: a question was sent that was given up; 0: none */
    uint64_t idle_ns;       /* how long it may idle, as the server says; 0: it did not say */
    struct timer watch;     /* looks whether it answers; set while it has attempts or is opening */
    uint16_t answered[CHANNEL_ANSWERED]; /* ids of questions that it had lately, answered here */
    uint16_t left[CHANNEL_LEFT];         /* or elsewhere, or not at all */
    unsigned answered_count, left_count;
    enum phase phase; /* how far it has come */
};

/* Opens a channel of `ops` to the upstream's server and links it there. */
err_t channel_open(struct channel **ret_channel, struct upstream *u,
                   const struct transport_ops *ops);

/* Closes the channel; its attempts stay behind in `ret_left`, without a channel. */
void channel_close(struct channel *c, struct list *ret_left);

/* Takes all attempts off. */
void channel_leave(struct channel *c, struct list *ret_left);

bool channel_has_room(const struct channel *c);
bool channel_is_used_up(const struct channel *c);

/* Puts `a` on the channel: it is sent now, or as soon as the channel is ready. */
void channel_send(struct channel *c, struct attempt *a);

/* Sends the query once more, under the id it has. */
void channel_repeat(struct channel *c, struct attempt *a);

/* Takes `a` off without an answer: a response that still comes is too late. */
void channel_forget(struct channel *c, struct attempt *a);

/* What transports tell. After channel_failed the channel is gone, and after the others it may be.
 */
void channel_connected(struct channel *c); /* where a handshake follows */
void channel_ready(struct channel *c);
void channel_received(struct channel *c, struct slice wire);
void channel_failed(struct channel *c, err_t err, const char *reason);

#endif
