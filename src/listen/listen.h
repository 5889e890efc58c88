#ifndef LISTEN_LISTEN_H
#define LISTEN_LISTEN_H

#include "base/addr.h"
#include "base/err.h"
#include "base/list.h"
#include "base/slice.h"
#include "codec/tls.h"
#include "listen/limit_config.h"
#include "metrics/metrics.h"

#include <stdbool.h>

struct admission;
struct entrance;
struct listener;
struct loop;
struct query;
struct talk;

/* A query as it came in. All is borrowed until the callee returns. */
struct arrival {
    struct slice message;
    const union addr *client;
    const union addr *peer;  /* who sent the datagram, when that is not the client; or NULL */
    const union addr *local; /* where a datagram was sent to, or NULL */
    uint64_t handle;         /* goes back to the listener with the response */
};

/* What the listeners of one worker share. */
struct listen_context {
    struct loop *loop;
    struct metrics *metrics;
    struct admission *admission; /* shared by all workers */
    struct limit_config limits;
    void (*on_query)(void *arg, struct listener *l, const struct arrival *arrival);
    /* Whether somebody may connect, and so that TLS follows. */
    bool (*may_connect)(void *arg, const union addr *client, bool shakes_hands);
    void *arg;
};

/* What a client and we have agreed on. */
struct client_tls {
    const char *version;      /* a static text; "" for no TLS, or when the client has gone */
    char name[TLS_NAME_SIZE]; /* that the client asked for (SNI); its first name_len bytes */
    size_t name_len;
};

/* How long a connection may be without a query, as things are. */
uint64_t listen_idle_ns(const struct listen_context *context, bool is_encrypted);

/* How one transport lets queries in and responses out. */
struct listener_ops {
    const char *name;
    bool stream;
    bool pads;                      /* its client gets responses through TLS: RFC 8467 */
    bool tells_idle;                /* when it closes idle connections: RFC 7828 */
    const struct talk *talk;        /* of a stream */
    enum metric queries, responses; /* what is counted */
    enum gauge open_now;            /* of a stream: its connections */
    size_t size;                    /* of the struct that starts with struct listener */

    err_t (*open)(struct listener *l, int fd);                    /* takes `fd` over */
    void (*reply)(struct listener *l, const struct query *query); /* once for each query */
    void (*tell_tls)(const struct listener *l, uint64_t handle, struct client_tls *ret_tls);
    void (*drain)(struct listener *l);            /* no new queries */
    bool (*is_drained)(const struct listener *l); /* nothing left to send */
    void (*close)(struct listener *l);
};

/* Which responses are padded, where there is TLS: in the order of the option's words. */
enum padding { PAD_WHEN_ASKED, PAD_ALWAYS, PAD_NEVER };

struct listener {
    const struct listener_ops *ops;
    struct listen_context *context; /* borrowed */
    struct list link;               /* its owner's */
    union addr addr;
    struct entrance *entrance;
    size_t udp_size; /* the longest response over UDP */
    enum padding padding;
    unsigned waiting; /* queries without a response; its owner counts them */
};

/* The door called `name` ("udp"), or NULL. */
const struct listener_ops *listener_find(const char *name);

/* Opens a listener on a socket of socket_listen, which it takes over, also on failure. */
err_t listener_open(struct listener **ret_listener, const struct listener_ops *ops,
                    struct listen_context *context, const union addr *addr,
                    struct entrance *entrance, int fd);

/* From now on what `entrance` says holds, also for connections that are open. Keeps a reference. */
void listener_enter_by(struct listener *l, struct entrance *entrance);
void listener_close(struct listener **l);

#endif
