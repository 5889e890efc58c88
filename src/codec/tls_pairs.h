#ifndef CODEC_TLS_PAIRS_H
#define CODEC_TLS_PAIRS_H

#include "base/err.h"

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdint.h>

#define TLS_CHAIN_MAX 16

/* The certificates of one server, each with its key, as a session is given them. */
struct tls_pair {
    gnutls_pcert_st chain[TLS_CHAIN_MAX];
    unsigned chain_len;
    gnutls_privkey_t key;
    gnutls_x509_crt_t certificate;
    gnutls_pk_algorithm_t algorithm;
    int64_t expires_s;
};

struct tls_pairs {
    struct tls_pair *items;
    size_t count;
};

/* Takes what `credentials` hold, `count` pairs. ERR_NOMEM, ERR_TLS. */
err_t tls_pairs_init(struct tls_pairs *pairs, gnutls_certificate_credentials_t credentials,
                     size_t count);
void tls_pairs_done(struct tls_pairs *pairs);

/* The pair for a client that asks for `name` ("" when it asks for none) and can verify signatures
 * of these kinds of keys: of those that bear the name, or else of all, the first that it can
 * verify, or the first. */
const struct tls_pair *tls_pairs_choose(const struct tls_pairs *pairs, const char *name,
                                        const gnutls_pk_algorithm_t *kinds, size_t count);

#endif
