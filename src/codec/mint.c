/* codec/mint.c - certificates for trying things out: self-signed, or by a throw-away authority.
 *
 * Called by: command/cert.c. Owns: nothing. Calls of GnuTLS are linked by their first failure.
 */
#include "codec/mint.h"

#include <arpa/inet.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <string.h>
#include <time.h>

#define RSA_BITS     2048
#define SERIAL_SIZE  16 /* RFC 5280 section 4.1.2.2: 20 at most */
#define DAY_S        86400
#define BEFORE_S     3600 /* clocks of clients that are a little late */
#define AUTHORITY_CN "dotproxy throw-away authority"

struct identity {
    gnutls_x509_privkey_t key;
    gnutls_x509_crt_t certificate;
};

static void identity_done(struct identity *i)
{
    gnutls_x509_privkey_deinit(i->key);
    gnutls_x509_crt_deinit(i->certificate);
}

static int make_key(struct identity *i, bool is_rsa)
{
    int ret = gnutls_x509_privkey_init(&i->key);

    if (ret < 0)
        return ret;
    if (is_rsa)
        return gnutls_x509_privkey_generate(i->key, GNUTLS_PK_RSA, RSA_BITS, 0);
    return gnutls_x509_privkey_generate(i->key, GNUTLS_PK_ECDSA,
                                        GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
}

static int set_serial(gnutls_x509_crt_t certificate)
{
    uint8_t serial[SERIAL_SIZE];
    int ret = gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof serial);

    serial[0] = (serial[0] & 0x7f) | 0x40; /* positive, and all of its bytes count */
    return ret < 0 ? ret : gnutls_x509_crt_set_serial(certificate, serial, sizeof serial);
}

/* What every certificate has. */
static int begin(struct identity *i, const struct mint_settings *settings, const char *common_name)
{
    gnutls_x509_crt_t certificate;
    time_t now = time(NULL);
    uint8_t key_id[64];
    size_t key_id_len = sizeof key_id;
    int ret = make_key(i, settings->is_rsa);

    if (ret >= 0)
        ret = gnutls_x509_crt_init(&i->certificate);
    certificate = i->certificate;
    if (ret >= 0)
        ret = gnutls_x509_crt_set_version(certificate, 3);
    if (ret >= 0)
        ret = set_serial(certificate);
    if (ret >= 0)
        ret = gnutls_x509_crt_set_activation_time(certificate, now - BEFORE_S);
    if (ret >= 0)
        ret =
            gnutls_x509_crt_set_expiration_time(certificate, now + (time_t)settings->days * DAY_S);
    if (ret >= 0)
        ret = gnutls_x509_crt_set_dn_by_oid(certificate, GNUTLS_OID_X520_COMMON_NAME, 0,
                                            common_name, (unsigned)strlen(common_name));
    if (ret >= 0)
        ret = gnutls_x509_crt_set_key(certificate, i->key);
    if (ret >= 0)
        ret = gnutls_x509_crt_get_key_id(certificate, 0, key_id, &key_id_len);
    if (ret >= 0)
        ret = gnutls_x509_crt_set_subject_key_id(certificate, key_id, key_id_len);
    return ret;
}

static int add_name(gnutls_x509_crt_t certificate, const char *name)
{
    struct in6_addr address;
    int family = strchr(name, ':') ? AF_INET6 : AF_INET;

    if (inet_pton(family, name, &address) == 1)
        return gnutls_x509_crt_set_subject_alt_name(certificate, GNUTLS_SAN_IPADDRESS, &address,
                                                    family == AF_INET6 ? 16 : 4,
                                                    GNUTLS_FSAN_APPEND);
    return gnutls_x509_crt_set_subject_alt_name(certificate, GNUTLS_SAN_DNSNAME, name,
                                                (unsigned)strlen(name), GNUTLS_FSAN_APPEND);
}

static int make_authority(struct identity *i, const struct mint_settings *settings)
{
    int ret = begin(i, settings, AUTHORITY_CN);

    if (ret >= 0)
        ret = gnutls_x509_crt_set_basic_constraints(i->certificate, 1, 0);
    if (ret >= 0)
        ret = gnutls_x509_crt_set_key_usage(i->certificate, GNUTLS_KEY_KEY_CERT_SIGN);
    if (ret >= 0)
        ret = gnutls_x509_crt_sign2(i->certificate, i->certificate, i->key, GNUTLS_DIG_SHA256, 0);
    return ret;
}

/* RFC 5280 section 4.2.1.1: the way to the authority's key, which strict clients insist on. */
static int name_signer(gnutls_x509_crt_t certificate, const struct identity *signer)
{
    uint8_t key_id[64];
    size_t len = sizeof key_id;
    int ret = gnutls_x509_crt_get_subject_key_id(signer->certificate, key_id, &len, NULL);

    return ret < 0 ? ret : gnutls_x509_crt_set_authority_key_id(certificate, key_id, len);
}

static int make_server(struct identity *i, const struct mint_settings *settings,
                       const struct identity *signer)
{
    int ret = begin(i, settings, settings->names[0]);

    for (size_t n = 0; n < settings->name_count && ret >= 0; n++)
        ret = add_name(i->certificate, settings->names[n]);
    if (ret >= 0)
        ret = gnutls_x509_crt_set_basic_constraints(i->certificate, 0, -1);
    if (ret >= 0)
        ret = gnutls_x509_crt_set_key_usage(i->certificate, GNUTLS_KEY_DIGITAL_SIGNATURE);
    if (ret >= 0)
        ret = gnutls_x509_crt_set_key_purpose_oid(i->certificate, GNUTLS_KP_TLS_WWW_SERVER, 0);
    if (ret >= 0 && signer != i)
        ret = name_signer(i->certificate, signer);
    if (ret >= 0)
        ret = gnutls_x509_crt_sign2(i->certificate, signer->certificate, signer->key,
                                    GNUTLS_DIG_SHA256, 0);
    return ret;
}

static int export(const struct identity *server, const struct identity *authority, struct minted *m)
{
    int ret = gnutls_x509_crt_export2(server->certificate, GNUTLS_X509_FMT_PEM, &m->certificate);

    if (ret >= 0)
        ret = gnutls_x509_privkey_export2_pkcs8(server->key, GNUTLS_X509_FMT_PEM, NULL,
                                                GNUTLS_PKCS_PLAIN, &m->key);
    if (ret >= 0 && authority->certificate)
        ret = gnutls_x509_crt_export2(authority->certificate, GNUTLS_X509_FMT_PEM, &m->authority);
    return ret;
}

err_t mint(const struct mint_settings *settings, struct minted *ret_minted, const char **ret_reason)
{
    struct identity authority = { 0 }, server = { 0 };
    struct minted m = { 0 };
    int ret = 0;

    if (settings->has_authority)
        ret = make_authority(&authority, settings);
    if (ret >= 0)
        ret = make_server(&server, settings, settings->has_authority ? &authority : &server);
    if (ret >= 0)
        ret = export(&server, &authority, &m);
    identity_done(&authority);
    identity_done(&server);
    if (ret < 0) {
        mint_done(&m);
        *ret_reason = gnutls_strerror(ret);
        return ERR_TLS;
    }
    *ret_minted = m;
    return OK;
}

void mint_done(struct minted *m)
{
    gnutls_free(m->certificate.data);
    if (m->key.data)
        gnutls_memset(m->key.data, 0, m->key.size);
    gnutls_free(m->key.data);
    gnutls_free(m->authority.data);
    *m = (struct minted){ 0 };
}
