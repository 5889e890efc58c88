#ifndef CODEC_TLS_CONTEXT_H
#define CODEC_TLS_CONTEXT_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct gnutls_session_int;
struct trust;

/* What all sessions with the same trust share. Immutable once it was made: sessions of many threads
 * may use it at once. It outlives them. */
struct tls_context;

/* `ca`: "system" for the certificates that this system trusts, or a file of PEM certificates.
 * ERR_NOTFOUND, ERR_MALFORMED, ERR_NOMEM or ERR_TLS, told to a person in `reason`. */
err_t tls_context_new_client(struct tls_context **ret_context, const char *ca, char reason[256]);
void tls_context_free(struct tls_context **context);

#define TLS_TICKET_KEY_SIZE 64

/* What a server shows and agrees to. All is copied. */
struct tls_server_settings {
    const char *const *certificates, *const *keys; /* PEM files, a key for each chain */
    size_t count;
    const char *const *alpn; /* the protocols it speaks, the best one first */
    size_t alpn_count;
    uint8_t ticket_key[TLS_TICKET_KEY_SIZE]; /* seals session tickets; all zero: none are given */
};

/* ERR_NOTFOUND, ERR_MALFORMED, ERR_NOMEM or ERR_TLS, told to a person in `reason`, with the file.
 */
err_t tls_context_new_server(struct tls_context **ret_context,
                             const struct tls_server_settings *settings, char reason[256]);

/* A server's context goes when its last session and its maker have let go of it. */
struct tls_context *tls_context_ref(struct tls_context *context);
void tls_context_unref(struct tls_context **context);

/* When the first of a server's certificates expires, in seconds since 1970. */
int64_t tls_context_expires_s(const struct tls_context *context);

/* For tls.c: gives a new session versions, suites and credentials. */
err_t tls_context_apply(const struct tls_context *context, struct gnutls_session_int *session);
const struct trust *tls_context_trust(const struct tls_context *context);

#endif
