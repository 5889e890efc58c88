#ifndef IO_ACCEPTOR_H
#define IO_ACCEPTOR_H

#include "base/addr.h"
#include "base/err.h"

#include <stdbool.h>

struct loop;

/* A listening socket. */
struct acceptor;

struct acceptor_handler {
    void (*accepted)(void *arg, int fd, const union addr *peer); /* takes `fd` over */
    void (*starved)(void *arg, err_t err); /* no descriptor or memory left; it tries again soon */
};

/* Takes `fd` over, also on failure. */
err_t acceptor_open(struct acceptor **ret_acceptor, struct loop *l, int fd,
                    const struct acceptor_handler *handler, void *arg);

/* Stops to accept, and goes on: who connects meanwhile waits in the kernel's queue. */
void acceptor_pause(struct acceptor *a, bool on);

/* Accepts what has connected already, then closes. */
void acceptor_close(struct acceptor **a);

#endif
