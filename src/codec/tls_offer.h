#ifndef CODEC_TLS_OFFER_H
#define CODEC_TLS_OFFER_H

#include "base/slice.h"

#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stddef.h>

#define TLS_OFFER_KINDS_MAX 5

/* Whose signatures a client's suites of TLS 1.2 are made for. */
struct tls_offer {
    bool rsa, ecdsa;
};

/* `hello` is the body of a ClientHello, not yet looked at by anybody. */
void tls_offer_read(struct tls_offer *offer, struct slice hello);

/* The kinds of keys whose signatures the client can verify, once versions and extensions are agreed
 * on. How many. */
size_t tls_offer_kinds(const struct tls_offer *offer, gnutls_session_t session,
                       gnutls_pk_algorithm_t ret_kinds[TLS_OFFER_KINDS_MAX]);

#endif
