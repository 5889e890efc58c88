#ifndef IO_DGRAM_H
#define IO_DGRAM_H

#include "base/addr.h"
#include "base/err.h"
#include "base/slice.h"

#include <stdbool.h>

struct loop;

/* A UDP socket that receives and sends in batches. */
struct dgram;

struct datagram {
    struct slice bytes; /* borrowed until the handler returns */
    const union addr *peer;
    const union addr *local; /* where it was sent to; its port is 0. NULL unless asked for. */
};

struct dgram_handler {
    void (*received)(void *arg, const struct datagram *d); /* must not close the socket */
    void (*failed)(void *arg, err_t err); /* a connected socket was told so, errno says what */
};

struct dgram_settings {
    size_t receive_size; /* longer datagrams are cut to this */
    size_t send_size;    /* the longest that dgram_send takes */
    bool tells_local;    /* the socket is bound to a wildcard address */
};

/* Takes `fd` over, also on failure. */
err_t dgram_open(struct dgram **ret_dgram, struct loop *l, int fd,
                 const struct dgram_settings *settings, const struct dgram_handler *handler,
                 void *arg);

/* A socket connected to `addr`, with a source port of the kernel's choice. */
err_t dgram_connect(struct dgram **ret_dgram, struct loop *l, const union addr *addr,
                    const struct dgram_settings *settings, const struct dgram_handler *handler,
                    void *arg);
void dgram_close(struct dgram **d);

/* Copies `bytes` into the batch that leaves at the end of this turn, for `peer` (NULL: the
 * connected one), from `local` (NULL: the bound one). What the kernel has no room for is lost, as
 * datagrams are. */
void dgram_send(struct dgram *d, struct slice bytes, const union addr *peer,
                const union addr *local);
void dgram_flush(struct dgram *d);

/* Receives what has arrived already, then no more; sending still works. */
void dgram_drain(struct dgram *d);

#endif
