#ifndef QUERYLOG_COURIER_H
#define QUERYLOG_COURIER_H

#include "base/err.h"
#include "base/wheel.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>

struct loop;
struct sink;

typedef void courier_fn(void *arg);

/* The thread that carries the records of one sink away. Whatever it waits for, a disk or a
 * collector, nobody waits with it. */
struct courier {
    struct sink *sink;
    struct loop *loop;
    courier_fn *prepare; /* called first on the thread */
    void *arg;
    pthread_t thread;
    bool runs, has_gone; /* main's own */
    sem_t go;
    bool is_cancelled;       /* set before `go` is posted */
    _Atomic unsigned orders; /* written by main, taken by the thread */
    _Atomic bool is_woken;   /* it will look, whoever wakes it once more */
    /* The thread's own: */
    struct timer tick, deadline;
    unsigned patience_ms;
    bool is_finishing;
};

/* Makes the thread, which waits for courier_go. ERR_NOMEM. */
err_t courier_init(struct courier *c, struct sink *sink, courier_fn *prepare, void *arg);
void courier_go(struct courier *c);

/* There are records in the tray. From any thread. */
void courier_wake(struct courier *c);

/* Files are to be opened anew. */
void courier_reopen(struct courier *c);

/* No more records come: what is left is carried away within `patience_ms`. */
void courier_finish(struct courier *c, unsigned patience_ms);

/* Waits for the thread's end, until `until_ns` (monotonic). One that was never let go does nothing.
 * False when it hangs: then it is left alone, and what it uses must stay. */
bool courier_join(struct courier *c, uint64_t until_ns);

/* Whether it has ended: courier_join does not wait. */
bool courier_has_ended(struct courier *c);

/* After courier_join. */
void courier_done(struct courier *c);

#endif
