#ifndef BASE_THREAD_H
#define BASE_THREAD_H

#include "base/err.h"

#include <pthread.h>
#include <stdatomic.h>

/* One letter to another thread; the sender's struct begins with it. */
struct mail {
    struct mail *next;
};

/* Any thread posts, one thread takes. */
struct mailbox {
    _Atomic(struct mail *) newest;
};

/* Hands `mail` over: it belongs to the taker from here on. */
void mailbox_post(struct mailbox *box, struct mail *mail);

/* All mail, oldest first, linked by `next`; NULL when there is none. */
struct mail *mailbox_take(struct mailbox *box);

/* Starts a thread that bears `name` (at most 15 characters) and takes no signals. */
err_t thread_start(pthread_t *ret_thread, const char *name, void *(*run)(void *), void *arg);

/* How many CPUs this process may use; at least 1. */
unsigned thread_cpus(void);

#endif
