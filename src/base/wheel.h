#ifndef BASE_WHEEL_H
#define BASE_WHEEL_H

#include "base/list.h"

#include <stdint.h>

typedef void timer_fn(void *arg);

/* Fires once at `at_ns` or up to a tick (4 ms) later. Zero it before its first use. */
struct timer {
    struct list link;
    uint64_t at_ns;
    timer_fn *fn;
    void *arg;
};

#define WHEEL_LEVELS 4
#define WHEEL_SLOTS  64

/* Timers by the time they are due: adding and removing one costs the same however many there are
 * (hashed and hierarchical wheels, Varghese and Lauck 1987). */
struct wheel {
    uint64_t tick;                   /* the last one that was handled */
    uint64_t occupied[WHEEL_LEVELS]; /* a bit for each slot that holds timers */
    struct list slots[WHEEL_LEVELS][WHEEL_SLOTS];
};

void wheel_init(struct wheel *w, uint64_t now_ns);

/* Sets `t` to call `fn(arg)` at `at_ns`; a timer that was set already is moved. */
void wheel_set(struct wheel *w, struct timer *t, uint64_t at_ns, timer_fn *fn, void *arg);
void wheel_cancel(struct timer *t);
bool timer_is_set(const struct timer *t);

/* When wheel_advance should next be called, at the latest; UINT64_MAX when nothing is set. */
uint64_t wheel_next_ns(const struct wheel *w);

/* Fires what is due. A timer function may set and cancel any timer. */
void wheel_advance(struct wheel *w, uint64_t now_ns);

#endif
