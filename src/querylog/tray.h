#ifndef QUERYLOG_TRAY_H
#define QUERYLOG_TRAY_H

#include "querylog/backlog.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

/* Between the thread that writes records and the one that carries them away: the first puts, the
 * second takes all there is. Bounded: what the second holds counts, too. */
struct tray {
    pthread_mutex_t lock; /* held for moments: neither thread does anything else meanwhile */
    struct backlog waiting;
    size_t max; /* bytes */
    _Atomic size_t held;
};

void tray_init(struct tray *t, size_t max);
void tray_done(struct tray *t);

/* Puts a copy of the record; false when there is no room for it. */
bool tray_put(struct tray *t, struct slice record);

/* Moves all that waits behind what is in `taken`, or about `max` bytes of it. Returns whether that
 * holds anything then. */
bool tray_take(struct tray *t, struct backlog *taken);
bool tray_take_some(struct tray *t, struct backlog *taken, size_t max);

/* Gives back what was taken: it stands before all that was put since. */
void tray_return(struct tray *t, struct backlog *taken);

/* What was taken has gone from the front of `taken`, and its room is free again. */
void tray_drop(struct tray *t, struct backlog *taken, struct backlog_mark gone);

/* Whether more than half of the room is used. */
bool tray_is_half_full(const struct tray *t);

/* Whether there is nothing in it, nor in what was taken. */
bool tray_is_empty(const struct tray *t);

#endif
