/* upstream/server.c - the servers that may be asked, with what is needed to trust them.
 *
 * Called by: worker/plan.c (at the start and on a reload). Owns: trust, which servers of one CA
 * share.
 */
#include "upstream/server.h"

#include "codec/pin.h"
#include "codec/tls_context.h"
#include "config/config.h"
#include "upstream/transport.h"
#include "upstream/upstream_config.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static err_t read_pins(struct server *server, const struct strings *texts)
{
    uint8_t(*pins)[PIN_SIZE] = calloc(texts->count ? texts->count : 1, sizeof *pins);

    if (!pins)
        return ERR_NOMEM;
    for (size_t i = 0; i < texts->count; i++)
        if (pin_from_text(texts->items[i], pins[i]) != OK) {
            free(pins);
            return ERR_MALFORMED;
        }
    server->peer.pins = (const uint8_t(*)[PIN_SIZE])pins;
    server->peer.pin_count = texts->count;
    return OK;
}

/* The context that an earlier server loaded from the same place, or a new one. */
static err_t find_trust(struct server_list *list, size_t index, char reason[256])
{
    const struct upstream_config *own = config_item(list->config, &upstream_section, index);

    for (size_t i = 0; i < index; i++) {
        const struct upstream_config *other = config_item(list->config, &upstream_section, i);

        if (list->servers[i].tls && strcmp(other->ca, own->ca) == 0) {
            list->servers[index].tls = list->servers[i].tls;
            return OK;
        }
    }
    return tls_context_new_client(&list->servers[index].tls, own->ca, reason);
}

static err_t make_server(struct server_list *list, size_t index, char reason[256])
{
    const struct upstream_config *config = config_item(list->config, &upstream_section, index);
    struct server *server = &list->servers[index];

    server->url = config->url.text;
    server->ops = transport_find(config->url.scheme);
    server->addr = config->url.addr;
    server->connections = config->connections;
    if (!server->ops->encrypted)
        return OK;
    server->peer.name = config->url.name ? config->url.name : config->url.host;
    TRY(read_pins(server, &config->pin));
    return find_trust(list, index, reason);
}

err_t server_list_new(struct server_list **ret_list, struct config *config,
                      char reason[SERVER_REASON_MAX])
{
    size_t count = config_count(config, &upstream_section);
    struct server_list *list = calloc(1, sizeof *list + count * sizeof list->servers[0]);
    char why[256] = "";

    if (!list)
        return ERR_NOMEM;
    list->references = 1;
    list->config = config_ref(config);
    list->count = count;
    for (size_t i = 0; i < count; i++) {
        err_t err = make_server(list, i, why);

        if (err != OK) {
            snprintf(reason, SERVER_REASON_MAX, "upstream %s: %s", list->servers[i].url,
                     why[0] ? why : err_text(err));
            server_list_unref(list);
            return err;
        }
    }
    *ret_list = list;
    return OK;
}

struct server_list *server_list_ref(struct server_list *list)
{
    atomic_fetch_add(&list->references, 1);
    return list;
}

static bool is_first_with_trust(const struct server_list *list, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (list->servers[i].tls == list->servers[index].tls)
            return false;
    return true;
}

void server_list_unref(struct server_list *list)
{
    if (!list || atomic_fetch_sub(&list->references, 1) > 1)
        return;
    for (size_t i = list->count; i-- > 0;) {
        if (is_first_with_trust(list, i))
            tls_context_free(&list->servers[i].tls);
        free((void *)(uintptr_t)list->servers[i].peer.pins);
    }
    config_unref(&list->config);
    free(list);
}
