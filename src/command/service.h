#ifndef COMMAND_SERVICE_H
#define COMMAND_SERVICE_H

#include "command/options.h"
#include "control/control.h"
#include "control/web.h"
#include "sandbox/sandbox.h"
#include "worker/crew.h"

#define SIGNAL_CONTROL SIGUSR2 /* to this process: there is something for control_work */

/* What `dotproxy run` runs. Zero all but the options first. */
struct service {
    struct options options;
    struct sandbox *sandbox;
    struct crew crew;
    struct keeper *keeper; /* NULL: nothing is kept over a restart */
    struct control_house house;
    struct control *control; /* NULL: there is no socket */
    int web_socket;          /* that listens, for `web`; -1: there is none, or it is taken */
    struct web *web;         /* NULL: nobody monitors */
    int crash_fd;            /* a file for the last records; -1: there is none, or it is taken */
    bool has_crashed;        /* the file of a time before holds some */
};

/* Everything up to the point where queries are answered; says on standard error what failed.
 * Returns an exit status. */
int service_start(struct service *s);

/* Reads the configuration again and puts it in force. On failure nothing has changed; `remarks`
 * says all that is wrong. After success it says what needs a restart. The log hears the same. */
err_t service_reload(struct service *s, struct problems *remarks);

/* Answers what is in flight, and frees everything; also after a start that failed. */
void service_stop(struct service *s);

#endif
