#ifndef LISTEN_CERTIFICATES_H
#define LISTEN_CERTIFICATES_H

#include "codec/tls_context.h"
#include "listen/listen_config.h"

struct certificates;

/* What one door shows and seals its tickets with, from files that may change under it. `url` is
 * what the log calls the door. ERR_NOMEM, or why the files cannot be used, in `reason`. */
err_t certificates_new(struct certificates **ret_certificates, const struct listen_config *config,
                       char reason[TLS_REASON_MAX]);
void certificates_free(struct certificates **c);

/* A reference on the newest, for any thread. */
struct tls_context *certificates_context(struct certificates *c);

/* When the first of them expires, in seconds since 1970. For any thread. */
int64_t certificates_expire_s(struct certificates *c);

/* For main only: */

/* Goes on with the ticket keys of `before`, unless a file gives them. */
void certificates_inherit(struct certificates *c, struct certificates *before);

/* Reads what has changed, and logs what it found; makes new ticket keys when it is time. */
void certificates_refresh(struct certificates *c);

#endif
