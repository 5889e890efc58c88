/* upstream/roster.c - all that may be asked, and how: servers with what is needed to trust them,
 * and groups.
 *
 * Called by: worker/plan.c (at the start and on a reload), command/lookup.c.
 * Owns: servers, groups (roster_groups.c), and the trust that servers of one CA share.
 */
#include "upstream/roster.h"

#include "codec/tls_context.h"
#include "config/config.h"
#include "dns/suffix_set.h"
#include "upstream/roster_groups.h"
#include "upstream/transport.h"
#include "upstream/upstream_config.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The context that an earlier server loaded from the same place, or a new one. */
static err_t find_trust(const struct roster *r, size_t index, struct tls_context **ret_tls,
                        char reason[256])
{
    const struct upstream_config *own = config_item(r->config, &upstream_section, index);

    for (size_t i = 0; i < index; i++) {
        const struct upstream_config *other = config_item(r->config, &upstream_section, i);

        if (r->servers[i].tls && strcmp(other->ca, own->ca) == 0) {
            *ret_tls = r->servers[i].tls;
            return OK;
        }
    }
    return tls_context_new_client(ret_tls, own->ca, reason);
}

static err_t make_server(struct roster *r, size_t index, size_t workers, char reason[256])
{
    const struct upstream_config *config = config_item(r->config, &upstream_section, index);
    struct tls_context *tls = NULL;

    r->servers[index].url = config->url.text;
    if (transport_find(config->url.scheme)->encrypted)
        TRY(find_trust(r, index, &tls, reason));
    return server_init(&r->servers[index], config, workers, tls);
}

static err_t make_servers(struct roster *r, size_t workers, char reason[ROSTER_REASON_MAX])
{
    char why[256] = "";

    for (size_t i = 0; i < r->count; i++) {
        err_t err = make_server(r, i, workers, why);

        if (err == OK)
            continue;
        snprintf(reason, ROSTER_REASON_MAX, "upstream %s: %s", r->servers[i].url,
                 why[0] ? why : err_text(err));
        return err;
    }
    return OK;
}

err_t roster_new(struct roster **ret_roster, struct config *config, size_t workers,
                 char reason[ROSTER_REASON_MAX])
{
    size_t count = config_count(config, &upstream_section);
    struct roster *r = calloc(1, sizeof *r + count * sizeof r->servers[0]);
    err_t err;

    snprintf(reason, ROSTER_REASON_MAX, "%s", err_text(ERR_NOMEM));
    if (!r)
        return ERR_NOMEM;
    r->references = 1;
    r->config = config_ref(config);
    r->count = count;
    err = make_servers(r, workers, reason);
    if (err == OK)
        err = roster_make_groups(r, reason);
    if (err != OK) {
        roster_unref(r);
        return err;
    }
    *ret_roster = r;
    return OK;
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
            tls_context_free(&r->servers[i].tls);
        server_done(&r->servers[i]);
    }
    free(r->groups);
    free(r->group_of_route);
    suffix_set_free(&r->routes);
    config_unref(&r->config);
    free(r);
}
