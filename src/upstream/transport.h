#ifndef UPSTREAM_TRANSPORT_H
#define UPSTREAM_TRANSPORT_H

#include "base/err.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

struct channel;
struct stream_state;
union addr;

/* How one transport carries queries to a server and brings responses back. It tells channel_ready,
 * channel_received and channel_failed what happens; the last one frees the channel. */
struct transport_ops {
    const char *name;
    bool encrypted;
    size_t size;            /* of the struct that starts with struct channel */
    unsigned max_in_flight; /* questions on one channel at once */
    unsigned max_queries;   /* in a channel's life; 0: no limit */
    unsigned max_channels;  /* in place of the configured number; 0: the configured one */
    const char *fallback;   /* the transport that repeats a truncated response, or NULL */

    err_t (*open)(struct channel *c);
    err_t (*send)(struct channel *c, struct slice query); /* once the channel is ready; copies */
    void (*seal)(
        struct channel *c); /* what is sent later travels apart; NULL: it may travel together */
    void (*close)(struct channel *c);

    /* What is known of the connection: see stream_state and stream_local, which say so when there
     * is none yet. NULL for a transport without connections. */
    bool (*state)(const struct channel *c, struct stream_state *ret_state);
    void (*local)(const struct channel *c, union addr *ret_local);
};

/* The transport called `name` ("tls"), or NULL. */
const struct transport_ops *transport_find(const char *name);

#endif
