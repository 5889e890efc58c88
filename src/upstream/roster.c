/* upstream/roster.c - all that may be asked, and how: servers with what is needed to trust them,
 * and groups.
 *
 * Called by: worker/plan.c (at the start and on a reload), command/lookup.c.
 * Owns: servers, groups (roster_groups.c), and the trust that servers of one CA share.
 */
#include "upstream/roster.h"

#include "base/clock.h"
#include "codec/tls_context.h"
#include "config/config.h"
#include "dns/suffix_set.h"
#include "upstream/bootstrap_config.h"
#include "upstream/policy.h"
#include "upstream/roster_groups.h"
#include "upstream/transport.h"
#include "upstream/upstream_config.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BOOTSTRAP_TIMEOUT_NS  (2 * NS_PER_S)
#define BOOTSTRAP_DEADLINE_NS (5 * NS_PER_S)

static const struct upstream_config *config_of(const struct roster *r, size_t index)
{
    if (index < r->upstream_count)
        return config_item(r->config, &upstream_section, index);
    return &r->bootstrap[index - r->upstream_count];
}

/* The context that an earlier server loaded from the same place, or a new one. */
static err_t find_trust(const struct roster *r, size_t index, struct tls_context **ret_tls,
                        char reason[TLS_REASON_MAX])
{
    const struct upstream_config *own = config_of(r, index);

    for (size_t i = 0; i < index; i++) {
        const struct upstream_config *other = config_of(r, i);

        if (r->servers[i].tls && strcmp(other->ca, own->ca) == 0) {
            *ret_tls = r->servers[i].tls;
            return OK;
        }
    }
    return tls_context_new_client(ret_tls, own->ca, reason);
}

static err_t make_server(struct roster *r, size_t index, char reason[TLS_REASON_MAX])
{
    const struct upstream_config *config = config_of(r, index);
    struct tls_context *tls = NULL;

    r->servers[index].url = config->url.text;
    if (transport_find(config->url.scheme)->encrypted)
        TRY(find_trust(r, index, &tls, reason));
    return server_init(&r->servers[index], config, r->workers, tls);
}

static err_t make_servers(struct roster *r, char reason[ROSTER_REASON_MAX])
{
    char why[TLS_REASON_MAX] = "";

    for (size_t i = 0; i < r->count; i++) {
        err_t err = make_server(r, i, why);

        if (err == OK)
            continue;
        snprintf(reason, ROSTER_REASON_MAX, "%s %s: %s",
                 i < r->upstream_count ? "upstream" : "bootstrap", r->servers[i].url,
                 why[0] ? why : err_text(err));
        return err;
    }
    return OK;
}

/* A bit for each of the first `count` servers. */
static uint64_t first_servers(size_t count)
{
    return count ? UINT64_MAX >> (64 - count) : 0;
}

/* Those who resolve names are asked one after the other, and by nobody else. */
static err_t make_bootstrap_group(struct roster *r)
{
    struct group_rules *groups;

    if (r->upstream_count == r->count)
        return OK;
    groups = realloc(r->groups, (r->group_count + 1) * sizeof *groups);
    if (!groups)
        return ERR_NOMEM;
    r->groups = groups;
    groups[r->group_count] = (struct group_rules){
        .name = BOOTSTRAP_GROUP,
        .policy = &policy_failover,
        .members = first_servers(r->count) & ~first_servers(r->upstream_count),
        .timeout_ns = BOOTSTRAP_TIMEOUT_NS,
        .deadline_ns = BOOTSTRAP_DEADLINE_NS,
        .hedge_ns = UINT64_MAX,
        .fallback = -1,
    };
    for (size_t i = r->upstream_count; i < r->count; i++)
        r->servers[i].group = (unsigned)r->group_count;
    r->group_count++;
    return OK;
}

static void set_patience(struct roster *r)
{
    for (size_t i = 0; i < r->count; i++)
        r->servers[i].patience_ms =
            (unsigned)(r->groups[r->servers[i].group].timeout_ns / NS_PER_MS);
}

static err_t make_all(struct roster *r, char reason[ROSTER_REASON_MAX])
{
    TRY(make_servers(r, reason));
    TRY(roster_make_groups(r, reason));
    TRY(make_bootstrap_group(r));
    set_patience(r);
    return OK;
}

/* Room for all servers, with what is to be read of each. */
static struct roster *make_room(struct config *config)
{
    size_t upstreams = config_count(config, &upstream_section), others;
    const struct upstream_config *bootstrap;
    struct store store = { 0 };
    struct roster *r = NULL;

    if (bootstrap_servers(config, &store, &bootstrap, &others) == OK)
        r = calloc(1, sizeof *r + (upstreams + others) * sizeof r->servers[0]);
    if (!r) {
        store_done(&store);
        return NULL;
    }
    r->references = 1;
    r->store = store;
    r->bootstrap = bootstrap;
    r->config = config_ref(config);
    r->upstream_count = upstreams;
    r->count = upstreams + others;
    return r;
}

err_t roster_new(struct roster **ret_roster, struct config *config, size_t workers,
                 char reason[ROSTER_REASON_MAX])
{
    struct roster *r = make_room(config);
    err_t err;

    snprintf(reason, ROSTER_REASON_MAX, "%s", err_text(ERR_NOMEM));
    if (!r)
        return ERR_NOMEM;
    r->workers = workers;
    err = make_all(r, reason);
    if (err != OK) {
        roster_unref(r);
        return err;
    }
    *ret_roster = r;
    return OK;
}

/* The addresses bear the port, so that must be the same too. */
static bool is_same_name(const struct server *a, const struct server *b)
{
    return a->host && b->host && a->port == b->port && strcmp(a->host, b->host) == 0;
}

void roster_inherit(struct roster *roster, struct roster *before)
{
    for (size_t i = 0; i < roster->upstream_count; i++)
        for (size_t j = 0; j < before->upstream_count; j++)
            if (is_same_name(&roster->servers[i], &before->servers[j]))
                book_inherit(&roster->servers[i].book, &before->servers[j].book);
}

struct roster *roster_ref(struct roster *roster)
{
    atomic_fetch_add(&roster->references, 1);
    return roster;
}

static bool is_first_with_trust(const struct roster *r, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (r->servers[i].tls == r->servers[index].tls)
            return false;
    return true;
}

void roster_unref(struct roster *r)
{
    if (!r || atomic_fetch_sub(&r->references, 1) > 1)
        return;
    for (size_t i = r->count; i-- > 0;) {
        if (is_first_with_trust(r, i))
            tls_context_unref(&r->servers[i].tls);
        server_done(&r->servers[i]);
    }
    free(r->groups);
    store_done(&r->store);
    free(r->group_of_route);
    suffix_set_free(&r->routes);
    config_unref(&r->config);
    free(r);
}
