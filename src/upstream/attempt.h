#ifndef UPSTREAM_ATTEMPT_H
#define UPSTREAM_ATTEMPT_H

#include "base/addr.h"
#include "base/list.h"

#include <stdint.h>

struct channel;
struct flight;
struct upstream;

/* One upstream that is being asked one flight's question. A flight has two at most. */
struct attempt {
    struct list link;           /* in its channel, or its upstream's bench */
    struct attempt *next_match; /* in its channel's match */
    struct flight *flight;
    struct upstream *upstream; /* NULL: this attempt is free */
    struct channel *channel;   /* NULL while it waits for one */
    uint64_t start_ns;         /* when this upstream was chosen */
    uint64_t sent_ns;          /* 0: it was not sent yet */
    /* where its answer came from, once that is there */
    union addr peer;
    const char *transport;
    uint16_t id;
    uint8_t moves; /* from one connection to another */
    bool is_hedge;
};

#endif
