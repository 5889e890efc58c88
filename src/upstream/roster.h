#ifndef UPSTREAM_ROSTER_H
#define UPSTREAM_ROSTER_H

#include "config/store.h"
#include "upstream/server.h"

struct config;
struct policy_ops;
struct suffix_set;

#define ROSTER_REASON_MAX 1024

/* How a group asks its upstreams. */
struct group_rules {
    const char *name; /* borrowed from the configuration */
    const struct policy_ops *policy;
    uint64_t members; /* a bit for each server, by its index */
    uint64_t timeout_ns, deadline_ns;
    uint64_t hedge_ns;     /* 0: as long as the upstream mostly takes; UINT64_MAX: never */
    unsigned hedge_budget; /* in hundredths of the questions */
    int fallback;          /* the group that is asked when all of this one fail; -1: none */
};

/* All servers and groups of one configuration, which it keeps alive. Shared by all workers. */
struct roster {
    _Atomic unsigned references;
    struct config *config;
    struct store store; /* for the bootstrap servers, which are no items of the configuration */
    const struct upstream_config *bootstrap;
    size_t group_count;         /* with that of the bootstrap servers, the last, where they are */
    size_t workers;             /* so many share it */
    struct group_rules *groups; /* the first is for all that no route sends elsewhere */
    size_t upstream_count;      /* the first of all servers; bootstrap servers follow */
    struct suffix_set *routes;  /* of names; yields indexes of routes. NULL when there are none */
    unsigned *group_of_route;
    uint64_t routing; /* equal to another roster's when every name is asked of the same servers */
    size_t count;
    struct server servers[];
};

/* Loads what the servers need (trust, pins). `reason` says what is wrong with which. */
err_t roster_new(struct roster **ret_roster, struct config *config, size_t workers,
                 char reason[ROSTER_REASON_MAX]);

/* The names that were resolved already under the configuration before: a reload knows them. */
void roster_inherit(struct roster *roster, struct roster *before);
struct roster *roster_ref(struct roster *roster);
void roster_unref(struct roster *roster);

/* The index of the group that is asked about a name (wire form, letter case does not matter). */
unsigned roster_group_for(const struct roster *roster, struct slice qname);

/* The suffix of a route that decided on it; false when none did. */
bool roster_route_for(const struct roster *roster, struct slice qname, struct slice *ret_suffix);

/* Whether a route speaks of the name; one of the root speaks of none in particular. */
bool roster_has_route(const struct roster *roster, struct slice qname);

#endif
