#ifndef UPSTREAM_SERVER_H
#define UPSTREAM_SERVER_H

#include "base/addr.h"
#include "base/err.h"
#include "codec/tls.h"
#include "log/log.h"
#include "upstream/tickets.h"

struct server_stats;
struct tls_context;
struct transport_ops;
struct upstream_config;

/* A server that we may ask: what the configuration says of it. Shared by all workers; only the
 * gates, the field behind them, the tickets and the counters ever change. */
struct server {
    const char *url; /* borrowed from the configuration */
    const struct transport_ops *ops;
    union addr addr;
    unsigned connections;    /* at most, for each worker */
    unsigned weight;         /* among its group */
    unsigned group;          /* its index in the roster */
    uint64_t provider;       /* the same for all servers that bear one name */
    struct tls_context *tls; /* NULL when it is not encrypted; borrowed from the roster */
    struct tls_peer peer;
    struct tickets tickets;              /* to resume TLS sessions with */
    struct server_stats *stats;          /* one for each worker */
    struct log_gate gate, nonsense_gate; /* for failures, and for what cannot be used */
    _Atomic bool is_told_failed;         /* the log said so, and not yet that it is back */
};

/* The server of one item of the configuration, which it borrows from. `tls` stays the caller's. */
err_t server_init(struct server *server, const struct upstream_config *config, size_t workers,
                  struct tls_context *tls);
void server_done(struct server *server);

#endif
