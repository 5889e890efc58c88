/* sandbox/sandbox.c - gives up, once the ports are open, all that answering queries does not take.
 *
 * Called by: command/confine.c. Five layers: user, capabilities, no new privileges, Landlock,
 * seccomp. Only the first can fail the start; what a kernel does not have is told and done without.
 */
#include "sandbox/sandbox.h"

#include "codec/trust.h"
#include "sandbox/caps.h"
#include "sandbox/landlock.h"
#include "sandbox/needs.h"
#include "sandbox/seccomp.h"
#include "sandbox/syscall.h"
#include "sandbox/user.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define LOW_PORTS_DEFAULT 1024
#define LOW_PORTS_FILE    "/proc/sys/net/ipv4/ip_unprivileged_port_start"

static const char *const standing_files[] = {
#define FILE_READ(path, why) path,
#include "sandbox/files.def"
#undef FILE_READ
};

__attribute__((format(printf, 2, 3))) static void note(struct problems *list, const char *format,
                                                       ...)
{
    struct problem *problem = problems_add(list);
    va_list args;

    va_start(args, format);
    if (problem)
        problem_vset(problem, format, args);
    va_end(args);
}

static unsigned read_low_ports(void)
{
    FILE *file = fopen(LOW_PORTS_FILE, "re");
    unsigned first;

    if (!file)
        return LOW_PORTS_DEFAULT;
    if (fscanf(file, "%u", &first) != 1)
        first = LOW_PORTS_DEFAULT;
    fclose(file);
    return first;
}

/* One file may be named by many options. */
static bool is_told(const struct problems *list, const char *path)
{
    size_t len = strlen(path);

    for (size_t i = 0; i < list->count; i++) {
        const char *text = list->list[i].text + strlen("file=");

        if (strncmp(text, path, len) == 0 && text[len] == ' ')
            return true;
    }
    return false;
}

static err_t open_path(struct sandbox *s, const struct need *need)
{
    unsigned rights = need_rights(need);
    char name[NEED_NAME_MAX];
    bool is_shared;

    TRY(grants_add(&s->grants, need->path, rights, &is_shared));
    if (is_shared && !is_told(&s->shared, need->path))
        note(&s->shared, "file=%s key=\"%s\" effect=\"%s\"", need->path, need_name(need, name),
             rights == GRANT_READ ? "a file that takes its place is read after a restart only"
                                  : "everything in its directory may be changed");
    return OK;
}

static err_t open_needs(struct sandbox *s, const struct needs *needs)
{
    for (size_t i = 0; i < needs->count; i++) {
        const struct need *need = &needs->list[i];

        if (need->path)
            TRY(open_path(s, need));
        else if (need->is_tcp)
            ports_add(need_listens(need) ? &s->listen : &s->connect, need->port);
    }
    return OK;
}

/* What is open in any case; that the directories are not dotproxy's own is right there. */
static err_t open_standing(struct sandbox *s, const struct config *config)
{
    const char *store;
    bool is_shared;

    for (size_t i = 0; i < sizeof standing_files / sizeof *standing_files; i++)
        TRY(grants_add(&s->grants, standing_files[i], GRANT_READ, &is_shared));
    for (size_t i = 0; (store = trust_system_store(i)); i++)
        TRY(grants_add(&s->grants, store, GRANT_READ, &is_shared));
    for (const char *const *file = company.files; *file; file++)
        TRY(grants_add(&s->grants, *file, GRANT_READ | GRANT_LIST, &is_shared));
    return needs_usual_ports(config, &s->listen, &s->connect);
}

static bool is_low(const struct sandbox *s, const struct need *need)
{
    return need_listens(need) && need->port < s->low_ports;
}

static bool wants_low_ports(const struct sandbox *s, const struct needs *needs)
{
    for (size_t i = 0; i < needs->count; i++)
        if (is_low(s, &needs->list[i]))
            return true;
    return false;
}

static void lack(struct sandbox *s, const char *layer)
{
    note(&s->missing, "layer=%s reason=\"%s\"", layer, err_text(ERR_SYSTEM));
}

static bool close_capabilities(struct sandbox *s, bool keeps_low_ports)
{
    if (caps_give_up(keeps_low_ports) == OK)
        return true;
    lack(s, "capabilities");
    return false;
}

static bool close_privileges(struct sandbox *s)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
        return true;
    lack(s, "no_new_privs");
    return false;
}

static void close_files(struct sandbox *s)
{
    const struct landlock_rules rules = { &s->grants, &s->listen, &s->connect };
    int version = landlock_version();

    if (version > 0 && landlock_enter(&rules, version) == OK)
        s->landlock = version;
    else
        lack(s, "landlock");
    if (s->landlock > 0 && s->landlock < LANDLOCK_NET)
        note(&s->missing, "layer=landlock-ports reason=\"Linux has it from 6.7 on\"");
}

static bool close_calls(struct sandbox *s)
{
    if (seccomp_enter() == OK)
        return true;
    lack(s, "seccomp");
    return false;
}

static void describe(struct sandbox *s, const char *capabilities, bool has_nnp, bool has_seccomp)
{
    char listen[PORTS_TEXT_MAX] = "any", connect[PORTS_TEXT_MAX] = "any";

    if (s->landlock >= LANDLOCK_NET) {
        ports_format(&s->listen, listen);
        ports_format(&s->connect, connect);
    }
    snprintf(s->in_force, sizeof s->in_force,
             "user=%u capabilities=%s no_new_privs=%s seccomp=%s landlock=%d tcp_listen=%s "
             "tcp_connect=%s",
             (unsigned)geteuid(), capabilities, has_nnp ? "yes" : "no", has_seccomp ? "yes" : "no",
             s->landlock, listen, connect);
}

/* Each layer takes away what the one before still needed. */
static void close_layers(struct sandbox *s, bool keeps_low_ports)
{
    bool has_given_up = close_capabilities(s, keeps_low_ports);
    const char *capabilities = caps_open_low_ports() ? "net_bind_service" : "none";
    bool has_nnp = close_privileges(s), has_seccomp;

    close_files(s);
    has_seccomp = close_calls(s);
    describe(s, has_given_up ? capabilities : "unchanged", has_nnp, has_seccomp);
}

/* Whether a file can be read, or made and replaced; errno says why not. What is only added to may
 * stand in a directory of others. */
static bool can_use(const struct need *need)
{
    char holder[PATH_MAX];
    int fd;

    if (need->row && need->row->need == NEED_TARGET && euidaccess(need->path, W_OK) == 0)
        return true;

    if (need_rights(need) == GRANT_READ) {
        fd = open(need->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (fd >= 0)
            close(fd);
        return fd >= 0;
    }
    snprintf(holder, sizeof holder, "%s", need->path);
    return euidaccess(dirname(holder), W_OK) == 0;
}

/* Found out now, and not when a certificate is renewed in two months. */
static void try_files(struct sandbox *s, const struct needs *needs)
{
    for (size_t i = 0; i < needs->count; i++) {
        const struct need *need = &needs->list[i];
        char name[NEED_NAME_MAX];

        if (!need->path || is_told(&s->denied, need->path) || can_use(need) || errno != EACCES)
            continue;
        note(&s->denied, "file=%s key=\"%s\" reason=\"%s\"", need->path, need_name(need, name),
             err_text(ERR_SYSTEM));
    }
}

static err_t enter(struct sandbox *s, const struct sandbox_settings *settings,
                   const struct needs *needs, char reason[SANDBOX_REASON_MAX])
{
    bool could_low_ports = caps_open_low_ports(), keeps_low_ports;

    if (s->is_off)
        return user_become(settings->user, false, reason);
    s->low_ports = read_low_ports();
    keeps_low_ports = wants_low_ports(s, needs);
    s->gave_up_low_ports = could_low_ports && !keeps_low_ports;
    TRY(open_needs(s, needs));
    TRY(open_standing(s, settings->config));
    caps_close_bounds();
    TRY(user_become(settings->user, keeps_low_ports, reason));
    close_layers(s, keeps_low_ports);
    try_files(s, needs);
    return OK;
}

err_t sandbox_enter(struct sandbox **ret_sandbox, const struct sandbox_settings *settings,
                    char reason[SANDBOX_REASON_MAX])
{
    struct sandbox *s = calloc(1, sizeof *s);
    struct needs needs = { 0 };
    err_t err = ERR_NOMEM;

    snprintf(reason, SANDBOX_REASON_MAX, "%s", err_text(ERR_NOMEM));
    if (!s)
        return err;
    s->is_off = settings->is_off;
    err = needs_collect(&needs, settings->config, settings->config_file);
    if (err == OK)
        err = enter(s, settings, &needs, reason);
    needs_done(&needs);
    if (err != OK)
        sandbox_free(&s);
    *ret_sandbox = s;
    return err;
}

void sandbox_free(struct sandbox **sandbox)
{
    struct sandbox *s = *sandbox;

    *sandbox = NULL;
    if (!s)
        return;
    grants_done(&s->grants);
    free(s);
}
