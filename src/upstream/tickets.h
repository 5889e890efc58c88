#ifndef UPSTREAM_TICKETS_H
#define UPSTREAM_TICKETS_H

#include "base/slice.h"

#include <pthread.h>
#include <stdint.h>

#define TICKETS_MAX     8
#define TICKET_SIZE_MAX 8192 /* mostly 1 to 4 KB: the certificates are in it */

struct ticket {
    uint64_t kept_ns;
    size_t len;
    uint8_t bytes[];
};

/* What resumes TLS sessions with one server: each is used once, so that nobody can link two
 * connections by it (RFC 8446 appendix C.4). All workers put and take; the lock is held when a
 * connection opens or a ticket came, and never for a question. */
struct tickets {
    pthread_mutex_t lock;
    unsigned count;
    struct ticket *newest_first[TICKETS_MAX];
};

void tickets_init(struct tickets *t);
void tickets_done(struct tickets *t);

/* Keeps a copy of a ticket; the oldest goes when there are too many. What is empty or too big is
 * not kept, nor what finds no memory. `now_ns` is clock_boot_ns, for tickets age while the machine
 * sleeps. */
void tickets_put(struct tickets *t, struct slice bytes, uint64_t now_ns);

/* The newest that is not too old, or NULL; it is the caller's, who frees it. */
struct ticket *tickets_take(struct tickets *t, uint64_t now_ns);
void ticket_free(struct ticket **ticket);

/* Drops all. */
void tickets_clear(struct tickets *t);

#endif
