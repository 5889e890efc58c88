/* worker/plan.c - a configuration made ready for the workers.
 *
 * Called by: command/service.c, crew.c. All that can fail fails here, before anything in force is
 * touched.
 */
#include "worker/plan.h"

#include "config/config.h"
#include "io/socket.h"
#include "listen/entrance.h"
#include "listen/listen.h"
#include "listen/listen_config.h"
#include "policy/policy.h"
#include "upstream/roster.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* dns:// stands for both. */
static const struct {
    const char *scheme, *listeners[3];
} schemes[] = {
    { "dns", { "udp", "tcp" } }, { "udp", { "udp" } },     { "tcp", { "tcp" } },
    { "tls", { "tls" } },        { "https", { "https" } }, { "http", { "http" } },
};

static const char *const *listeners_of(const char *scheme)
{
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
        if (strcmp(schemes[i].scheme, scheme) == 0)
            return schemes[i].listeners;
    return NULL;
}

static err_t add_door(struct plan *p, struct entrance *entrance, const char *listener)
{
    struct door *door = &p->doors[p->door_count];

    door->fds = malloc(p->workers * sizeof *door->fds);
    if (!door->fds)
        return ERR_NOMEM;
    for (size_t i = 0; i < p->workers; i++)
        door->fds[i] = -1;
    door->ops = listener_find(listener);
    door->addr = entrance->config->url.addr;
    door->entrance = entrance_ref(entrance);
    p->door_count++;
    return OK;
}

static err_t add_doors(struct plan *p, size_t item, char reason[PLAN_REASON_MAX])
{
    struct entrance *entrance;
    err_t err;

    TRY(entrance_new(&entrance, p->config, item, reason));
    err = OK;
    for (const char *const *name = listeners_of(entrance->config->url.scheme); *name; name++)
        if (err == OK)
            err = add_door(p, entrance, *name);
    entrance_unref(&entrance);
    return err;
}

static err_t make_doors(struct plan *p, char reason[PLAN_REASON_MAX])
{
    size_t count = config_count(p->config, &listen_section);

    p->doors = calloc(2 * count + 1, sizeof *p->doors);
    if (!p->doors)
        return ERR_NOMEM;
    for (size_t i = 0; i < count; i++)
        TRY(add_doors(p, i, reason));
    return OK;
}

err_t plan_new(struct plan **ret_plan, struct config *config, size_t workers,
               char reason[PLAN_REASON_MAX])
{
    struct plan *p = calloc(1, sizeof *p);
    err_t err = ERR_NOMEM;

    snprintf(reason, PLAN_REASON_MAX, "%s", err_text(err));
    if (!p)
        return err;
    p->config = config_ref(config);
    p->workers = workers;
    p->limits = *(const struct limit_config *)config_one(config, &limit_section);
    p->cache = *(const struct cache_config *)config_one(config, &cache_section);
    p->waiting_max = ((const struct policy_config *)config_one(config, &policy_section))->waiting;
    designated_read(&p->designated, config);
    err = policy_new(&p->policy, config, reason);
    if (err == OK)
        err = roster_new(&p->roster, config, workers, reason);
    if (err == OK)
        err = make_doors(p, reason);
    if (err != OK) {
        plan_free(&p);
        return err;
    }
    *ret_plan = p;
    return OK;
}

const struct door *plan_find(const struct plan *p, const struct listener_ops *ops,
                             const union addr *addr)
{
    for (size_t i = 0; i < p->door_count; i++)
        if (p->doors[i].ops == ops && addr_equal(&p->doors[i].addr, addr))
            return &p->doors[i];
    return NULL;
}

static void close_doors(struct plan *p)
{
    for (size_t i = 0; i < p->door_count; i++)
        for (size_t worker = 0; worker < p->workers; worker++)
            socket_close(&p->doors[i].fds[worker]);
}

/* A machine without IPv6 is no reason not to serve IPv4: ::1 is among the defaults. */
static bool lacks_ipv6(const union addr *addr, int error)
{
    if (addr->any.sa_family != AF_INET6)
        return false;
    return error == EAFNOSUPPORT ||
           (error == EADDRNOTAVAIL && IN6_IS_ADDR_LOOPBACK(&addr->v6.sin6_addr));
}

static err_t open_door(struct plan *p, struct door *door)
{
    err_t err = socket_listen(&door->addr, door->ops->stream, door->fds, p->workers);

    door->is_absent = err == ERR_SYSTEM && lacks_ipv6(&door->addr, errno);
    return door->is_absent ? OK : err;
}

static bool has_open_door(const struct plan *p)
{
    for (size_t i = 0; i < p->door_count; i++)
        if (!p->doors[i].is_absent)
            return true;
    return false;
}

static void inherit(struct plan *p, const struct plan *before)
{
    roster_inherit(p->roster, before->roster);
    for (size_t i = 0; i < p->door_count; i++) {
        const struct door *same = plan_find(before, p->doors[i].ops, &p->doors[i].addr);

        if (same)
            entrance_inherit(p->doors[i].entrance, same->entrance);
    }
}

static const char *advice_on(err_t err)
{
    if (err == ERR_SYSTEM && errno == EADDRINUSE)
        return "; somebody else has that port: `ss -tulpn` tells who, or choose another address";
    if (err == ERR_SYSTEM && errno == EACCES)
        return "; ports below 1024 are for root and who has CAP_NET_BIND_SERVICE";
    if (err == ERR_SYSTEM && errno == EADDRNOTAVAIL)
        return "; no interface has that address";
    return "";
}

err_t plan_open(struct plan *p, const struct plan *before, char reason[PLAN_REASON_MAX])
{
    for (size_t i = 0; i < p->door_count; i++) {
        struct door *door = &p->doors[i];
        const struct door *same = before ? plan_find(before, door->ops, &door->addr) : NULL;
        char text[ADDR_TEXT_MAX];
        const char *advice;
        err_t err;

        if (same && !same->is_absent)
            continue;
        err = open_door(p, door);
        if (err == OK)
            continue;
        advice = advice_on(err); /* while errno is what it was */
        snprintf(reason, PLAN_REASON_MAX, "cannot listen on %s://%s: %s%s", door->ops->name,
                 addr_format(&door->addr, text), err_text(err), advice);
        close_doors(p);
        return err;
    }
    if (before)
        inherit(p, before);
    if (has_open_door(p))
        return OK;
    snprintf(reason, PLAN_REASON_MAX, "cannot listen: there is no IPv6 here, and no other address");
    return ERR_UNREACHABLE;
}

static void free_door(struct door *door)
{
    entrance_unref(&door->entrance);
    free(door->fds);
}

void plan_refresh(const struct plan *p)
{
    for (size_t i = 0; i < p->door_count; i++)
        entrance_refresh(p->doors[i].entrance);
}

void plan_free(struct plan **plan)
{
    struct plan *p = *plan;

    if (!p)
        return;
    *plan = NULL;
    close_doors(p);
    for (size_t i = 0; i < p->door_count; i++)
        free_door(&p->doors[i]);
    free(p->doors);
    roster_unref(p->roster);
    policy_free(&p->policy);
    config_unref(&p->config);
    free(p);
}
