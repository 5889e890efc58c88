/* sandbox/sandbox_check.c - what a reload asks for, and cannot have without a restart.
 *
 * Called by: command/confine.c, before anything is touched: the old configuration stays in force.
 */
#include "sandbox/landlock.h"
#include "sandbox/needs.h"
#include "sandbox/sandbox.h"

/* What the sandbox's section calls what is lacking. */
static const char *const keys[] = {
    [NEED_NOTHING] = "",      [NEED_READ] = "read", [NEED_TRUST] = "read",
    [NEED_WRITE] = "write",   [NEED_KEEP] = "",     [NEED_SOCKET] = "",
    [NEED_LISTEN] = "listen", [NEED_HOLD] = "",     [NEED_CONNECT] = "connect",
};

static err_t refuse_file(const struct need *need, struct problems *remarks)
{
    struct problem *problem = problems_add(remarks);
    char name[NEED_NAME_MAX];

    if (!problem)
        return ERR_CONFIG;
    return problem_set(
        problem,
        "needs a restart: %s: the sandbox does not open %.200s; restart dotproxy, or "
        "keep such files in a directory that sandbox.%s names",
        need_name(need, name), need->path, keys[need->kind]);
}

static err_t refuse_port(const struct need *need, const struct ports *open,
                         struct problems *remarks)
{
    struct problem *problem = problems_add(remarks);
    char name[NEED_NAME_MAX], ports[PORTS_TEXT_MAX];

    if (!problem)
        return ERR_CONFIG;
    return problem_set(problem,
                       "needs a restart: %s: the sandbox opens the TCP ports %s, not %u; restart "
                       "dotproxy, and name ports for later in sandbox.%s",
                       need_name(need, name), ports_format(open, ports), need->port,
                       keys[need->kind]);
}

static err_t refuse_low_port(const struct sandbox *s, const struct need *need,
                             struct problems *remarks)
{
    struct problem *problem = problems_add(remarks);
    char name[NEED_NAME_MAX];

    if (!problem)
        return ERR_CONFIG;
    return problem_set(problem,
                       "needs a restart: %s: port %u is below %u, and the right to open such ports "
                       "was given up, as none was needed at the start; restart dotproxy",
                       need_name(need, name), need->port, s->low_ports);
}

static err_t check_need(const struct sandbox *s, const struct need *need, struct problems *remarks)
{
    const struct ports *open = need->kind == NEED_LISTEN ? &s->listen : &s->connect;

    if (need->path) {
        if (s->landlock > 0 && !grants_cover(&s->grants, need->path, need_rights(need)))
            return refuse_file(need, remarks);
        return OK;
    }
    if (s->landlock >= LANDLOCK_NET && need->is_tcp && !ports_has(open, need->port))
        return refuse_port(need, open, remarks);
    if (need->kind == NEED_LISTEN && need->port < s->low_ports && s->gave_up_low_ports)
        return refuse_low_port(s, need, remarks);
    return OK;
}

err_t sandbox_check(const struct sandbox *s, const struct config *config, struct problems *remarks)
{
    struct needs needs = { 0 };
    err_t err = needs_collect(&needs, config, NULL);

    for (size_t i = 0; err != ERR_NOMEM && i < needs.count; i++)
        if (need_changes(&needs.list[i]) && check_need(s, &needs.list[i], remarks) != OK)
            err = ERR_CONFIG;
    needs_done(&needs);
    return err;
}

err_t sandbox_check_file(const struct sandbox *s, const char *config_file, struct problems *remarks)
{
    const struct need need = { .kind = NEED_READ, .path = config_file };

    return check_need(s, &need, remarks);
}
