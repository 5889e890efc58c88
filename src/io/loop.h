#ifndef IO_LOOP_H
#define IO_LOOP_H

#include "base/err.h"
#include "base/list.h"
#include "base/slice.h"
#include "base/wheel.h"

#include <stdbool.h>
#include <stdint.h>

/* One thread's loop: it waits until descriptors are ready, timers are due or another thread wakes
 * it, and calls who asked for it. All but loop_wake and
 * loop_busy_since_ns belongs to the thread that runs it. */
struct loop;

typedef void loop_fn(void *arg);

err_t loop_new(struct loop **ret_loop);
void loop_free(struct loop **l);

/* Turns until loop_stop. */
void loop_run(struct loop *l);
void loop_stop(struct loop *l);

/* Monotonic nanoseconds, read once in a turn. */
uint64_t loop_now_ns(struct loop *l);
/* From any thread: since when the loop has been in this turn, or 0 while it waits. */
uint64_t loop_busy_since_ns(const struct loop *l);
struct wheel *loop_wheel(struct loop *l);

/* loop_wake, from any thread, makes the loop call what loop_on_wake has set; several wakes may
 * become one call. */
void loop_on_wake(struct loop *l, loop_fn *fn, void *arg);
void loop_wake(struct loop *l);

/* Work for the end of this turn, when all that was ready has been handled: what was gathered leaves
 * in one system call. Zero it before its first use. */
struct turn_end {
    struct list link;
    loop_fn *fn;
    void *arg;
};

/* Calls `fn(arg)` once at the end of this turn; asking again before then changes nothing. */
void loop_at_turn_end(struct loop *l, struct turn_end *work, loop_fn *fn, void *arg);
void turn_end_cancel(struct turn_end *work);

/* Room to receive into, shared by all streams of the loop: its contents last until the callee
 * returns. */
#define LOOP_SCRATCH_SIZE 65536
uint8_t *loop_scratch(struct loop *l);

enum { LOOP_READABLE = 1, LOOP_WRITABLE = 2 };

/* A descriptor that is waited for. */
struct watch;
typedef void watch_fn(void *arg, unsigned events);

/* Begins with no events; `fd` stays the caller's and is closed by it after watch_close. */
err_t watch_open(struct watch **ret_watch, struct loop *l, int fd, watch_fn *fn, void *arg);
void watch_close(struct watch **w);

/* Says which events to wait for: LOOP_READABLE, LOOP_WRITABLE, both or 0. */
err_t watch_for(struct watch *w, unsigned events);

#endif
