#ifndef UPSTREAM_BOOTSTRAP_CONFIG_H
#define UPSTREAM_BOOTSTRAP_CONFIG_H

#include "config/schema.h"
#include "config/store.h"

struct config;
struct upstream_config;

#define BOOTSTRAP_MAX   8           /* servers */
#define BOOTSTRAP_GROUP "bootstrap" /* no group of the configuration has this name */

struct bootstrap_config {
#define OPTION OPTION_FIELD
#include "upstream/bootstrap_options.def"
#undef OPTION
};

extern const struct section bootstrap_section;

/* The bootstrap servers as items like those of the section upstream, in memory of `store`. None
 * when all upstreams have addresses. ERR_NOMEM. */
err_t bootstrap_servers(const struct config *config, struct store *store,
                        const struct upstream_config **ret_servers, size_t *ret_count);

#endif
