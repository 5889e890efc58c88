/* tests/unit/codec/tls_pair.h - a server's side under test, and GnuTLS as its client, in memory. */
#ifndef UNIT_CODEC_TLS_PAIR_H
#define UNIT_CODEC_TLS_PAIR_H

#include "codec/tls.h"
#include "codec/tls_context.h"

#include <gnutls/gnutls.h>

/* The server's machine under test, and GnuTLS as a client. */
struct pair {
    struct tls *server;
    gnutls_session_t client;
    gnutls_certificate_credentials_t trust; /* nobody: the client asks who it is, and believes it */
    uint8_t to_client[65536];
    size_t len, taken;
    enum tls_event last;
    char said[256];       /* by the client */
    const char *appended; /* to its Finished */
};

extern char tls_pair_paths[4][64]; /* ECDSA certificate and key, RSA certificate and key */
extern const char *const tls_pair_both[2];

void tls_pair_files(void);
void tls_pair_remove_files(void);

/* Of the first `count` pairs of files; `key` fills the key of its tickets. */
struct tls_context *tls_pair_context(size_t count, uint8_t key);

void tls_pair_begin(struct pair *p, struct tls_context *context, const char *priority,
                    const char *name, const char *alpn);
void tls_pair_end(struct pair *p);
int tls_pair_shake(struct pair *p);
void tls_pair_talk(struct pair *p);

/* The client's words, as its transport sends them; `arg` is the pair. */
ssize_t tls_pair_push(gnutls_transport_ptr_t arg, const void *bytes, size_t len);

#endif
