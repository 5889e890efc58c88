#ifndef WORKER_PLAN_H
#define WORKER_PLAN_H

#include "base/addr.h"
#include "cache/cache_config.h"
#include "listen/limit_config.h"
#include "upstream/ask.h"
#include "worker/designated.h"

struct config;
struct entrance;
struct listener_ops;
struct policy;
struct roster;

#define PLAN_REASON_MAX 1024

/* One address and transport to listen at. */
struct door {
    const struct listener_ops *ops;
    union addr addr;
    struct entrance *entrance; /* the plan's reference */
    bool is_absent;            /* an IPv6 address on a machine without IPv6 */
    int *fds; /* a socket for each worker, who takes it; -1: it has this door already */
};

/* What the workers are to do: made from a configuration by the main thread, then only read, but for
 * the sockets, of which each worker takes its own. */
struct plan {
    struct config *config;
    struct roster *roster;
    struct policy *policy;
    struct limit_config limits;
    size_t waiting_max; /* questions */
    struct cache_config cache;
    struct designated designated;
    size_t workers;
    size_t door_count;
    struct door *doors;
};

/* Reads certificates and the like; opens nothing. `reason` says what is wrong. */
err_t plan_new(struct plan **ret_plan, struct config *config, size_t workers,
               char reason[PLAN_REASON_MAX]);

/* Opens the doors that `before` (may be NULL) does not have. On failure none of them stays open. */
err_t plan_open(struct plan *p, const struct plan *before, char reason[PLAN_REASON_MAX]);

/* The door at `addr`, or NULL. */
const struct door *plan_find(const struct plan *p, const struct listener_ops *ops,
                             const union addr *addr);

/* Every few seconds, by main: certificates that changed are put in force, at once for all workers.
 */
void plan_refresh(const struct plan *p);

/* Closes the sockets that nobody took. */
void plan_free(struct plan **p);

#endif
