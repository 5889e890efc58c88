/* command/privileges.c - once the ports are open, nothing needs root any more. */
#include "command/privileges.h"

#include "config/config.h"
#include "worker/worker_config.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

err_t privileges_drop(const struct config *config, char reason[PLAN_REASON_MAX])
{
    const struct worker_config *worker = config_one(config, &worker_section);
    const struct passwd *user;

    if (worker->user[0] == 0)
        return OK;
    user = getpwnam(worker->user);
    if (!user) {
        snprintf(reason, PLAN_REASON_MAX, "user: there is no user %s; create it or name another",
                 worker->user);
        return ERR_NOTFOUND;
    }
    if (geteuid() == user->pw_uid)
        return OK;
    if (initgroups(worker->user, user->pw_gid) == 0 && setgid(user->pw_gid) == 0 &&
        setuid(user->pw_uid) == 0)
        return OK;
    snprintf(reason, PLAN_REASON_MAX, "user: cannot become %s: %s; start as root or leave it out",
             worker->user, err_text(ERR_SYSTEM));
    return ERR_SYSTEM;
}
