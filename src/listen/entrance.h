#ifndef LISTEN_ENTRANCE_H
#define LISTEN_ENTRANCE_H

#include "base/err.h"
#include "base/prefix.h"
#include "listen/listen_config.h"

struct certificates;
struct config;
struct tls_context;

/* What one item of `listen` says, made ready: its certificates, and whom it trusts. Shared by the
 * listeners of all workers. Only main changes it, and only by the functions below. */
struct entrance {
    const struct listen_config *config;         /* lives as long as the entrance */
    struct prefixes proxy_from, forwarded_from; /* as configured */
    struct certificates *certificates;          /* NULL where there is no TLS */
};

#define ENTRANCE_REASON_MAX 512

/* Item `item` of section listen; keeps a reference on `config`. ERR_NOMEM, or why its files cannot
 * be used, told to a person in `reason`. */
err_t entrance_new(struct entrance **ret_entrance, struct config *config, size_t item,
                   char reason[ENTRANCE_REASON_MAX]);
struct entrance *entrance_ref(struct entrance *e);
void entrance_unref(struct entrance **e);

/* What a new TLS session needs, as a reference that the caller gives back by tls_context_unref.
 * NULL where there is no TLS. For any thread. */
struct tls_context *entrance_tls(struct entrance *e);

/* The number of whole days until the first certificate expires, below zero when it has; false where
 * there is no TLS. For any thread. */
bool entrance_days_left(const struct entrance *e, int64_t *ret_days);

/* For main: goes on with the ticket keys of `before`. */
void entrance_inherit(struct entrance *e, struct entrance *before);

/* For main, every few seconds: files that changed are read again, and what is found is logged. */
void entrance_refresh(struct entrance *e);

#endif
