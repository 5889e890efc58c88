#ifndef IO_ACCEPTOR_H
#define IO_ACCEPTOR_H

#include "base/addr.h"
#include "base/err.h"

struct loop;

/* A listening TCP socket. */
struct acceptor;

struct acceptor_handler {
    void (*accepted)(void *arg, int fd, const union addr *peer); /* takes `fd` over */
    void (*starved)(void *arg, err_t err); /* no descriptor or memory left; it tries again soon */
};

/* Takes `fd` over, also on failure. */
err_t acceptor_open(struct acceptor **ret_acceptor, struct loop *l, int fd,
                    const struct acceptor_handler *handler, void *arg);

/* Accepts what has connected already, then closes. */
void acceptor_close(struct acceptor **a);

#endif
