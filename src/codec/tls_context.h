#ifndef CODEC_TLS_CONTEXT_H
#define CODEC_TLS_CONTEXT_H

#include "base/err.h"

struct gnutls_session_int;
struct trust;

/* What all sessions with the same trust share. Immutable once it was made: sessions of many threads
 * may use it at once. It outlives them. */
struct tls_context;

/* `ca`: "system" for the certificates that this system trusts, or a file of PEM certificates.
 * ERR_NOTFOUND, ERR_MALFORMED, ERR_NOMEM or ERR_TLS, told to a person in `reason`. */
err_t tls_context_new_client(struct tls_context **ret_context, const char *ca, char reason[256]);
void tls_context_free(struct tls_context **context);

/* For tls.c: gives a new session versions, suites and credentials. */
err_t tls_context_apply(const struct tls_context *context, struct gnutls_session_int *session);
const struct trust *tls_context_trust(const struct tls_context *context);

#endif
