#ifndef UPSTREAM_SERVER_H
#define UPSTREAM_SERVER_H

#include "base/addr.h"
#include "base/err.h"
#include "codec/tls.h"
#include "log/log.h"

struct config;
struct tls_context;
struct transport_ops;

/* A server that we may ask: what the configuration says of it. Shared by all workers; only the
 * gates and the field behind them ever change. */
struct server {
    const char *url; /* borrowed from the configuration */
    const struct transport_ops *ops;
    union addr addr;
    unsigned connections;    /* at most, for each worker */
    struct tls_context *tls; /* NULL when it is not encrypted */
    struct tls_peer peer;
    struct log_gate gate, nonsense_gate; /* for failures, and for what cannot be used */
    _Atomic bool is_told_failed;         /* the log said so, and not yet that it is back */
};

#define SERVER_REASON_MAX 1024

/* All servers of one configuration, which it keeps alive. */
struct server_list {
    _Atomic unsigned references;
    struct config *config;
    size_t count;
    struct server servers[];
};

/* Loads what the servers need (trust, pins). `reason` says what is wrong with which. */
err_t server_list_new(struct server_list **ret_list, struct config *config,
                      char reason[SERVER_REASON_MAX]);
struct server_list *server_list_ref(struct server_list *list);
void server_list_unref(struct server_list *list);

#endif
