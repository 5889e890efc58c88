#ifndef UPSTREAM_DIAL_H
#define UPSTREAM_DIAL_H

#include "base/clock.h"
#include "base/wheel.h"
#include "upstream/book.h"

#define DIAL_STAGGER_NS (250 * NS_PER_MS) /* between two addresses: RFC 8305 section 8 */

struct dial;
struct loop;
struct stream;

/* What comes of dialling, exactly one of them; each may free what the dial is part of. */
struct dial_handler {
    /* `stream` is the callee's from here on: it calls stream_handle or stream_close. */
    void (*connected)(void *arg, struct stream *stream, const union addr *addr);
    void (*failed)(void *arg, err_t err); /* none connected; ERR_SYSTEM with errno of the last */
};

struct dial_attempt {
    struct dial *dial;
    struct stream *stream; /* NULL: over */
};

/* A connection in the making: one address after the other is tried, and the first that connects is
 * taken (Happy Eyeballs, RFC 8305 section 5). */
struct dial {
    struct loop *loop;
    struct book *book; /* borrowed; learns which address failed */
    const struct dial_handler *handler;
    void *arg;
    unsigned patience_ms; /* of the streams: see stream_set_patience */
    struct timer next;    /* when the next address is tried beside those before */
    int error;            /* the errno of the last failure */
    size_t count, begun, pending;
    union addr addrs[BOOK_MAX];
    struct dial_attempt attempts[BOOK_MAX];
};

/* Starts on the addresses of `book`; `handler` hears how it went, never before this returns.
 * ERR_AGAIN when no address is known yet, and ERR_SYSTEM when all of them fail at once. `d` is
 * zeroed before. */
err_t dial_begin(struct dial *d, struct loop *loop, struct book *book, unsigned patience_ms,
                 const struct dial_handler *handler, void *arg);

/* Closes what is under way; after the handler was called there is nothing. */
void dial_end(struct dial *d);

#endif
