#ifndef UPSTREAM_SERVER_H
#define UPSTREAM_SERVER_H

#include "base/err.h"
#include "codec/tls.h"
#include "log/log.h"
#include "upstream/book.h"
#include "upstream/tickets.h"

struct server_stats;
struct tls_context;
struct transport_ops;
struct upstream_config;

/* A server that we may ask: what the configuration says of it. Shared by all workers; only the
 * book, the tickets, the gates, what is told beside them and the counters ever change. */
struct server {
    const char *url; /* borrowed from the configuration */
    const struct transport_ops *ops;
    const char *host;        /* the name to resolve; NULL when the URL has an address */
    uint16_t port;           /* of whatever addresses the name has */
    struct book book;        /* its addresses */
    unsigned patience_ms;    /* until what was sent must be acknowledged: its group's timeout */
    unsigned connections;    /* at most, for each worker */
    unsigned weight;         /* among its group */
    unsigned group;          /* its index in the roster */
    uint64_t provider;       /* the same for all servers that bear one name */
    struct tls_context *tls; /* NULL when it is not encrypted; borrowed from the roster */
    struct tls_peer peer;
    struct tickets tickets;              /* to resume TLS sessions with */
    struct server_stats *stats;          /* one for each worker */
    struct log_gate gate, nonsense_gate; /* for failures, and for what cannot be used */
    struct log_gate name_gate;           /* for a name that cannot be resolved */
    _Atomic bool is_told_failed;         /* the log said so, and not yet that it is back */
    _Atomic bool is_told_unresolved;     /* the same for its name */
};

/* The server of one item of the configuration, which it borrows from. `tls` stays the caller's. */
err_t server_init(struct server *server, const struct upstream_config *config, size_t workers,
                  struct tls_context *tls);
void server_done(struct server *server);

/* Whether there is an address to connect to: a name must have been resolved first. */
static inline bool server_has_address(const struct server *server)
{
    return book_has_address(&server->book);
}

#endif
