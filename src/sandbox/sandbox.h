#ifndef SANDBOX_SANDBOX_H
#define SANDBOX_SANDBOX_H

#include "config/problem.h"
#include "sandbox/grants.h"
#include "sandbox/ports.h"

struct config;

#define SANDBOX_REASON_MAX 256
#define SANDBOX_TEXT_MAX   512

/* What a process is to be left with. */
struct sandbox_settings {
    const struct config *config;
    const char *config_file; /* NULL: there is none */
    const char *user;        /* to become; "" for the one that started it */
    bool is_off;             /* only the user changes */
};

/* What this process is left with. */
struct sandbox {
    bool is_off;
    struct grants grants;
    struct ports listen, connect; /* TCP */
    int landlock;                 /* its version; 0: files and ports are not guarded */
    unsigned low_ports;           /* below this one a port takes a capability */
    bool gave_up_low_ports;
    char in_force[SANDBOX_TEXT_MAX]; /* "user=... capabilities=..." */
    struct problems missing;         /* layers that this machine does not have */
    struct problems shared;          /* files in directories of the whole machine */
    struct problems denied;          /* files that this user may not read again, or not write */
};

/* Gives up what `settings` do not ask for: by this thread before it starts others, for good. Fails
 * when the user cannot be changed, which `reason` tells, or memory is out. */
err_t sandbox_enter(struct sandbox **ret_sandbox, const struct sandbox_settings *settings,
                    char reason[SANDBOX_REASON_MAX]);
void sandbox_free(struct sandbox **sandbox);

/* Whether what is about to be put in force, or read, can be had from inside; `remarks` says what
 * cannot. ERR_CONFIG, ERR_NOMEM. */
err_t sandbox_check(const struct sandbox *sandbox, const struct config *config,
                    struct problems *remarks);
err_t sandbox_check_file(const struct sandbox *sandbox, const char *config_file,
                         struct problems *remarks);

#endif
