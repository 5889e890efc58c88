#ifndef QUERYLOG_UPLINK_H
#define QUERYLOG_UPLINK_H

#include "base/buffer.h"
#include "base/wheel.h"
#include "codec/tls.h"
#include "config/target.h"

#include <stdbool.h>

struct loop;
struct stream;
struct tls_context;

/* What an uplink tells its owner, on the loop's thread. */
struct uplink_handler {
    /* Before it connects anew: a context in place of the last one, or NULL. */
    struct tls_context *(*renew)(void *arg);
    void (*up)(void *arg);                           /* connected, and it is whom we mean */
    void (*received)(void *arg, struct slice bytes); /* borrowed */
    void (*room)(void *arg);                         /* uplink_has_room may say yes again */
    /* Uplink_arrived still speaks of what was. It will be tried again by itself. */
    void (*down)(void *arg, const char *why);
};

/* A connection to a collector over TCP, TLS or a socket that is a file: opened again, after a pause
 * that grows, whenever it ends. */
struct uplink {
    struct loop *loop;
    const struct target *target;
    struct tls_context *tls_context; /* NULL: not encrypted */
    struct tls_peer peer;
    const struct uplink_handler *handler;
    void *arg;
    struct stream *stream; /* NULL: there is none at the moment */
    struct tls *tls;
    bool is_up;
    const char *broken; /* why it is about to go down */
    struct buffer out;  /* that the kernel has not taken yet; without TLS */
    uint64_t sent;      /* bytes that it has taken, of this connection */
    uint64_t pause_ns;
    struct timer retry, patience;
};

/* Borrows `target`; takes the context, which may be NULL. Zero it first. */
void uplink_init(struct uplink *u, const struct target *target, struct tls_context *tls_context);
void uplink_start(struct uplink *u, struct loop *loop, const struct uplink_handler *handler,
                  void *arg);

/* Sends what there is, and closes; also when it was never started. */
void uplink_done(struct uplink *u);

/* Whether uplink_send takes UPLINK_CHUNK bytes now. */
#define UPLINK_CHUNK 65536
bool uplink_has_room(const struct uplink *u);

/* Only while it has room. */
void uplink_send(struct uplink *u, struct slice bytes);

/* How many bytes this connection has been given, as they leave, and how many of them have arrived
 * as far as can be told. */
uint64_t uplink_given(const struct uplink *u);
uint64_t uplink_arrived(const struct uplink *u);

/* What it carries arrives: the next pause is short again. */
void uplink_proves_good(struct uplink *u);

/* Ends the connection because of what the other side does, or does not. */
void uplink_fail(struct uplink *u, const char *why);

#endif
