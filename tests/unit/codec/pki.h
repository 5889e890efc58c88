/* tests/unit/codec/pki.h - certificates made on the spot. */
#ifndef UNIT_CODEC_PKI_H
#define UNIT_CODEC_PKI_H

#include <gnutls/x509.h>
#include <stdbool.h>
#include <stdint.h>

struct identity {
    gnutls_x509_privkey_t key;
    gnutls_x509_crt_t certificate;
};

/* What is absent is left out of the certificate; it is valid from an hour ago for a day. */
struct recipe {
    const char *common_name, *dns_name, *address, *purpose;
    long from_s, until_s; /* relative to now; both 0: the default */
    bool is_authority;
};

/* Signed by `issuer`, or by itself if that is NULL. */
struct identity identity_make(const struct recipe *recipe, const struct identity *issuer);
void identity_free(struct identity *id);

void identity_pin(const struct identity *id, uint8_t ret_pin[32]);

/* Appends PEM to a file, which is made if need be. */
void identity_write(const struct identity *id, const char *path);

#endif
