#ifndef CODEC_MINT_H
#define CODEC_MINT_H

#include "base/err.h"

#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stddef.h>

/* Makes certificates for trying things out (RFC 5280). */
struct mint_settings {
    const char *const *names; /* DNS names and IP addresses that the certificate is to bear */
    size_t name_count;
    unsigned days;      /* how long it is good */
    bool has_authority; /* signed by an authority of its own, whose key is forgotten at once */
    bool is_rsa;        /* 2048 bits, instead of ECDSA on P-256 */
};

/* PEM. To be given back by mint_done. */
struct minted {
    gnutls_datum_t certificate, key;
    gnutls_datum_t authority; /* empty without one */
};

/* ERR_TLS, told to a person in `ret_reason`, which lasts for ever. */
err_t mint(const struct mint_settings *settings, struct minted *ret_minted,
           const char **ret_reason);
void mint_done(struct minted *m);

#endif
