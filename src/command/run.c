/* command/run.c - `dotproxy run`: the main thread starts the service and then obeys signals. */
#include "command/command.h"
#include "command/service.h"
#include "control/web.h"
#include "log/log.h"
#include "querylog/querylog.h"
#include "worker/plan.h"

#include <signal.h>

#define LOOK_AFTER_S 2 /* between two looks at files that may change */

static void answer(struct service *s)
{
    control_work(s->control);
    web_work(s->web);
}

static void obey_signals(struct service *s, const sigset_t *signals)
{
    static const struct timespec look_after = { .tv_sec = LOOK_AFTER_S };

    for (;;) {
        struct problems remarks;
        int got = sigtimedwait(signals, NULL, &look_after);

        if (got == SIGHUP)
            service_reload(s, &remarks);
        if (got == SIGUSR1)
            querylog_reopen(s->crew.commons.querylog);
        if (got == SIGNAL_CONTROL)
            answer(s);
        crew_look_after(&s->crew);
        if (got == SIGTERM || got == SIGINT)
            break;
    }
    log_event(EVENT_stopping, "%s", "");
}

int command_run(int argc, char **argv)
{
    struct service service = { 0 };
    sigset_t signals;
    int status = options_parse(argc, argv, &service.options);

    if (status != STATUS_OK)
        return status;
    service.options.source.wants_files = true;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    sigaddset(&signals, SIGUSR1);
    sigaddset(&signals, SIGNAL_CONTROL);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    status = service_start(&service);
    if (status == STATUS_OK)
        obey_signals(&service, &signals);
    service_stop(&service);
    if (status == STATUS_OK)
        log_event(EVENT_stopped, "%s", "");
    log_stop();
    return status;
}
