/* sandbox/user.c - once the ports are open, nothing needs root any more. */
#include "sandbox/user.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

err_t user_check(const char *name, char reason[USER_REASON_MAX])
{
    if (name[0] == 0 || getpwnam(name))
        return OK;
    snprintf(reason, USER_REASON_MAX, "user: there is no user %.80s; create it or name another",
             name);
    return ERR_NOTFOUND;
}

err_t user_become(const char *name, bool keeps_capabilities, char reason[USER_REASON_MAX])
{
    const struct passwd *user;

    if (name[0] == 0)
        return OK;
    TRY(user_check(name, reason));
    user = getpwnam(name);
    if (geteuid() == user->pw_uid)
        return OK;
    prctl(PR_SET_KEEPCAPS, keeps_capabilities ? 1 : 0);
    if (initgroups(name, user->pw_gid) == 0 && setgid(user->pw_gid) == 0 &&
        setuid(user->pw_uid) == 0)
        return OK;
    snprintf(reason, USER_REASON_MAX,
             "user: cannot become %.80s: %s; start as root or leave it out", name,
             err_text(ERR_SYSTEM));
    return ERR_SYSTEM;
}
