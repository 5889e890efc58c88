/* upstream/bootstrap_config.c - who resolves the names of upstreams.
 *
 * Called by: the configuration (check), roster.c.
 */
#include "upstream/bootstrap_config.h"

#include "config/config.h"
#include "upstream/transport.h"
#include "upstream/upstream_config.h"

static const struct option_row bootstrap_options[] = {
#define OPTION(...) OPTION_ROW(struct bootstrap_config, __VA_ARGS__)
#include "upstream/bootstrap_options.def"
#undef OPTION
};

/* Why nobody can be asked there, or NULL. */
static const char *find_fault(const char *text, struct store *store)
{
    struct url_fault fault;
    struct url url;

    if (url_parse(store, text, &url, &fault) != OK)
        return fault.why;
    if (!transport_find(url.scheme))
        return "write tls://, udp:// or tcp://";
    if (!url.has_addr)
        return "write an address: nobody else resolves names";
    return addr_is_wildcard(&url.addr) ? "no server has this address" : NULL;
}

static void check(const void *items, size_t count, struct loader *to)
{
    const struct bootstrap_config *config = items;
    struct store store = { 0 };

    (void)count;
    if (config->bootstrap.count == 0)
        complain(to, 0, "bootstrap", "is empty; write at least one URL, or remove the key");
    if (config->bootstrap.count > BOOTSTRAP_MAX)
        complain(to, 0, "bootstrap", "there may be %d servers at most", BOOTSTRAP_MAX);
    if (config->bootstrap_ca[0] == '\0')
        complain(to, 0, "bootstrap_ca", "is empty; write system or the path of a PEM file");
    for (size_t i = 0; i < config->bootstrap.count; i++) {
        const char *fault = find_fault(config->bootstrap.items[i], &store);

        if (fault)
            complain(to, 0, "bootstrap", "%.200s: %s", config->bootstrap.items[i], fault);
    }
    store_done(&store);
}

const struct section bootstrap_section = {
    .name = "",
    .doc = "Who resolves the names of upstreams.",
    SECTION_OPTIONS(bootstrap_options),
    .size = sizeof(struct bootstrap_config),
    .check = check,
};

static bool has_names(const struct config *config)
{
    for (size_t i = 0; i < config_count(config, &upstream_section); i++) {
        const struct upstream_config *upstream = config_item(config, &upstream_section, i);

        if (!upstream->url.has_addr)
            return true;
    }
    return false;
}

err_t bootstrap_servers(const struct config *config, struct store *store,
                        const struct upstream_config **ret_servers, size_t *ret_count)
{
    const struct bootstrap_config *own = config_one(config, &bootstrap_section);
    struct upstream_config *servers;
    struct url_fault fault;
    size_t count = own && has_names(config) ? own->bootstrap.count : 0;

    servers = store_alloc(store, count + 1, sizeof *servers);
    if (!servers)
        return ERR_NOMEM;
    for (size_t i = 0; i < count; i++) {
        TRY(url_parse(store, own->bootstrap.items[i], &servers[i].url, &fault));
        servers[i].ca = own->bootstrap_ca;
        servers[i].connections = 1;
        servers[i].weight = 1;
    }
    *ret_servers = servers;
    *ret_count = count;
    return OK;
}
