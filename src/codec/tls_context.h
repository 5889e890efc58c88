#ifndef CODEC_TLS_CONTEXT_H
#define CODEC_TLS_CONTEXT_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gnutls_session_int;
struct trust;

/* What all sessions with the same trust, or the same certificates, share. Immutable once it was
 * made: sessions of many threads may use it at once. */
struct tls_context;
struct tls_pairs;

#define TLS_REASON_MAX 512

/* `ca`: "system" for the certificates that this system trusts, or a file of PEM certificates.
 * ERR_NOTFOUND, ERR_MALFORMED, ERR_NOMEM or ERR_TLS, told to a person in `reason`. */
err_t tls_context_new_client(struct tls_context **ret_context, const char *ca,
                             char reason[TLS_REASON_MAX]);

/* Gives a client's context, before its first session, a certificate to show to servers that ask for
 * one. The same errors. */
err_t tls_context_show(struct tls_context *context, const char *certificate, const char *key,
                       char reason[TLS_REASON_MAX]);

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
                             const struct tls_server_settings *settings,
                             char reason[TLS_REASON_MAX]);

/* A context goes when all have let go of it: its maker and, of a server's, its sessions. A client's
 * sessions keep none. */
struct tls_context *tls_context_ref(struct tls_context *context);
void tls_context_unref(struct tls_context **context);

/* When the first of a server's certificates expires, in seconds since 1970. */
int64_t tls_context_expires_s(const struct tls_context *context);

/* For tls_client.c and tls_server.c: gives a new session versions, suites and credentials. */
err_t tls_context_apply(const struct tls_context *context, struct gnutls_session_int *session);
const struct tls_pairs *tls_context_pairs(const struct tls_context *context);
bool tls_context_gives_tickets(const struct tls_context *context);
const struct trust *tls_context_trust(const struct tls_context *context);

#endif
