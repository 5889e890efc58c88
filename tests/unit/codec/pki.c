/* tests/unit/codec/pki.c - certificates made on the spot. */
#include "unit/codec/pki.h"

#include "unit/test.h"

#include <arpa/inet.h>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <stdio.h>
#include <time.h>

#define HOUR 3600

static void set_names(gnutls_x509_crt_t c, const struct recipe *r)
{
    uint8_t address[16];

    if (r->common_name)
        CHECK_EQUAL(gnutls_x509_crt_set_dn_by_oid(c, GNUTLS_OID_X520_COMMON_NAME, 0, r->common_name,
                                                  (unsigned)strlen(r->common_name)),
                    0);
    if (r->dns_name)
        CHECK_EQUAL(gnutls_x509_crt_set_subject_alt_name(c, GNUTLS_SAN_DNSNAME, r->dns_name,
                                                         (unsigned)strlen(r->dns_name), 0),
                    0);
    if (r->address) {
        bool is_v4 = inet_pton(AF_INET, r->address, address) == 1;

        CHECK(is_v4 || inet_pton(AF_INET6, r->address, address) == 1);
        CHECK_EQUAL(gnutls_x509_crt_set_subject_alt_name(c, GNUTLS_SAN_IPADDRESS, address,
                                                         is_v4 ? 4 : 16, GNUTLS_FSAN_APPEND),
                    0);
    }
}

static void set_uses(gnutls_x509_crt_t c, const struct recipe *r)
{
    CHECK_EQUAL(gnutls_x509_crt_set_basic_constraints(c, r->is_authority, -1), 0);
    CHECK_EQUAL(gnutls_x509_crt_set_key_usage(c, r->is_authority ? GNUTLS_KEY_KEY_CERT_SIGN
                                                                 : GNUTLS_KEY_DIGITAL_SIGNATURE),
                0);
    if (r->purpose)
        CHECK_EQUAL(gnutls_x509_crt_set_key_purpose_oid(c, r->purpose, 0), 0);
}

/* Reads back what was written: GnuTLS only compares names of certificates that it has parsed. */
static gnutls_x509_crt_t parse_again(gnutls_x509_crt_t made)
{
    gnutls_x509_crt_t parsed;
    gnutls_datum_t der;

    CHECK_EQUAL(gnutls_x509_crt_export2(made, GNUTLS_X509_FMT_DER, &der), 0);
    gnutls_x509_crt_deinit(made);
    gnutls_x509_crt_init(&parsed);
    CHECK_EQUAL(gnutls_x509_crt_import(parsed, &der, GNUTLS_X509_FMT_DER), 0);
    gnutls_free(der.data);
    return parsed;
}

struct identity identity_make(const struct recipe *recipe, const struct identity *issuer)
{
    static uint8_t serial;
    struct identity id;
    time_t now = time(NULL);
    bool is_default = recipe->from_s == 0 && recipe->until_s == 0;

    gnutls_x509_privkey_init(&id.key);
    gnutls_x509_crt_init(&id.certificate);
    CHECK_EQUAL(gnutls_x509_privkey_generate(id.key, GNUTLS_PK_ECDSA,
                                             GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0),
                0);
    serial++;
    gnutls_x509_crt_set_version(id.certificate, 3);
    gnutls_x509_crt_set_serial(id.certificate, &serial, 1);
    gnutls_x509_crt_set_key(id.certificate, id.key);
    gnutls_x509_crt_set_activation_time(id.certificate,
                                        now + (is_default ? -HOUR : recipe->from_s));
    gnutls_x509_crt_set_expiration_time(id.certificate,
                                        now + (is_default ? 24 * HOUR : recipe->until_s));
    set_names(id.certificate, recipe);
    set_uses(id.certificate, recipe);
    if (!issuer)
        issuer = &id;
    CHECK_EQUAL(gnutls_x509_crt_sign2(id.certificate, issuer->certificate, issuer->key,
                                      GNUTLS_DIG_SHA256, 0),
                0);
    id.certificate = parse_again(id.certificate);
    return id;
}

void identity_free(struct identity *id)
{
    gnutls_x509_crt_deinit(id->certificate);
    gnutls_x509_privkey_deinit(id->key);
}

/* By another way than the code under test: the key itself is written as SubjectPublicKeyInfo. */
void identity_pin(const struct identity *id, uint8_t ret_pin[32])
{
    gnutls_pubkey_t key;
    gnutls_datum_t spki;

    gnutls_pubkey_init(&key);
    CHECK_EQUAL(gnutls_pubkey_import_x509(key, id->certificate, 0), 0);
    CHECK_EQUAL(gnutls_pubkey_export2(key, GNUTLS_X509_FMT_DER, &spki), 0);
    CHECK_EQUAL(gnutls_hash_fast(GNUTLS_DIG_SHA256, spki.data, spki.size, ret_pin), 0);
    gnutls_free(spki.data);
    gnutls_pubkey_deinit(key);
}

void identity_write(const struct identity *id, const char *path)
{
    FILE *file = fopen(path, "a");
    gnutls_datum_t pem;

    CHECK(file);
    CHECK_EQUAL(gnutls_x509_crt_export2(id->certificate, GNUTLS_X509_FMT_PEM, &pem), 0);
    CHECK_EQUAL(fwrite(pem.data, 1, pem.size, file), pem.size);
    fclose(file);
    gnutls_free(pem.data);
}
