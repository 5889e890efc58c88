#ifndef CONTROL_CONTROL_H
#define CONTROL_CONTROL_H

#include "base/err.h"
#include "config/problem.h"

struct crew;

/* The control socket: a thread of its own takes requests and gives responses to callers, and the
 * thread that owns the crew answers them. So nothing here is ever locked or seen half changed, and
 * no caller is waited for where queries or signals are. */
struct control;

/* What requests look at and act on. All of it belongs to the thread that calls control_work. */
struct control_house {
    struct crew *crew;
    const char *config_file; /* NULL: there is none */

    /* From control_work. On failure nothing has changed and `remarks` says all that is wrong, after
     * success which keys need a restart. */
    err_t (*reload)(void *arg, struct problems *remarks);

    /* From the control's own thread: there are requests, so control_work is to be called. */
    void (*call)(void *arg);
    void *arg;

    struct control *control; /* set by control_open; who answers may only wake it */
};

/* Makes the socket `path`, which must not be in use by anybody alive, and starts the thread.
 * `house` outlives it. ERR_SYSTEM with errno. */
err_t control_open(struct control **ret_control, const char *path, struct control_house *house);

/* Answers what was requested. Nothing when `c` is NULL. */
void control_work(struct control *c);

/* From any thread: tails of callers have news. `control` is a struct control. */
void control_wake(void *control);

/* Removes the socket and ends the thread; what is not yet answered will not be. */
void control_close(struct control **c);

#endif
