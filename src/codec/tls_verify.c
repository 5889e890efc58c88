/* codec/tls_verify.c - is the peer who we mean, and may it be?
 *
 * RFC 8310 section 8.1: the chain, the name or address in subjectAltName; RFC 5280
 * section 4.2.1.12: the key's purpose; RFC 7858 section 4.2: pins. Each verification has a list of
 * trusted certificates and credentials of its own, dropped when it is over. Called by: tls.c, from
 * within the handshake, and after it when a session was resumed.
 */
#include "codec/tls_verify.h"

#include "codec/tls.h"
#include "codec/trust.h"
#include "codec/x509_names.h"

#include <arpa/inet.h>
#include <gnutls/x509.h>

#define NO_MEMORY   "out of memory"
#define KEY_ID_SIZE 32

/* The first that applies is told: what is wrong for good comes before what time will heal. */
static const struct {
    unsigned flag;
    const char *words;
} complaints[] = {
    { GNUTLS_CERT_REVOKED, "certificate was revoked" },
    { GNUTLS_CERT_SIGNER_NOT_FOUND, "certificate's issuer is not trusted" },
    { GNUTLS_CERT_SIGNER_NOT_CA, "certificate's issuer may not sign others" },
    { GNUTLS_CERT_SIGNATURE_FAILURE, "certificate's signature is wrong" },
    { GNUTLS_CERT_INSECURE_ALGORITHM, "certificate uses weak cryptography" },
    { GNUTLS_CERT_SIGNER_CONSTRAINTS_FAILURE, "certificate's issuer may not sign this one" },
    { GNUTLS_CERT_PURPOSE_MISMATCH, "certificate is not for a server" },
    { GNUTLS_CERT_EXPIRED, "certificate has expired" },
    { GNUTLS_CERT_NOT_ACTIVATED, "certificate is not valid yet" },
    { GNUTLS_CERT_UNEXPECTED_OWNER, "certificate is not for this name" },
    { GNUTLS_CERT_INVALID_OCSP_STATUS, "certificate's OCSP response is wrong" },
    { GNUTLS_CERT_MISSING_OCSP_STATUS, "certificate demands an OCSP response, none came" },
};

/* One verification. `leaf` is the peer's own certificate. */
struct trial {
    gnutls_session_t session;
    const struct trust *trust;
    const struct tls_peer *peer;
    const gnutls_datum_t *chain;
    unsigned chain_len;
    gnutls_x509_crt_t leaf;
};

static const char *first_complaint(unsigned status)
{
    for (size_t i = 0; i < sizeof complaints / sizeof *complaints; i++) {
        if (status & complaints[i].flag)
            return complaints[i].words;
    }
    return "certificate is not valid";
}

static bool is_self_signed(const gnutls_datum_t *der)
{
    struct x509_names names;

    return x509_names_read(slice_of(der->data, der->size), &names) == OK &&
           slice_equal(names.issuer, names.subject);
}

/* GnuTLS would look into the common name of a certificate without DNS names, which RFC 8310 section
 * 8.1 forbids. */
static bool has_dns_name(gnutls_x509_crt_t certificate)
{
    char name[256]; /* RFC 1035 section 2.3.4: none is longer */

    for (unsigned i = 0;; i++) {
        size_t size = sizeof name;
        int type = gnutls_x509_crt_get_subject_alt_name(certificate, i, name, &size, NULL);

        if (type == GNUTLS_SAN_DNSNAME)
            return true;
        if (type < 0 && type != GNUTLS_E_SHORT_MEMORY_BUFFER)
            return false;
    }
}

static bool is_pinned(const void *peer_of_filter, gnutls_x509_crt_t certificate)
{
    const struct tls_peer *peer = peer_of_filter;
    uint8_t id[KEY_ID_SIZE];
    size_t size = sizeof id;

    if (gnutls_x509_crt_get_key_id(certificate, GNUTLS_KEYID_USE_SHA256, id, &size) < 0)
        return false;
    for (size_t i = 0; i < peer->pin_count; i++) {
        if (memcmp(peer->pins[i], id, sizeof id) == 0)
            return true;
    }
    return false;
}

/* Verifies against `list`, which it takes. The session sees credentials with that list for this one
 * call, and again the shared ones behind it. */
static const char *verify_against(const struct trial *t, gnutls_x509_trust_list_t list)
{
    struct in6_addr address; /* an IPv4 address fits too */
    const char *name = t->peer->name;
    bool is_v4 = inet_pton(AF_INET, name, &address) == 1;
    bool is_dns_name = !is_v4 && inet_pton(AF_INET6, name, &address) != 1;
    gnutls_typed_vdata_st wanted[] = {
        { GNUTLS_DT_DNS_HOSTNAME, (uint8_t *)(uintptr_t)name, 0 },
        { GNUTLS_DT_KEY_PURPOSE_OID, (uint8_t *)(uintptr_t)GNUTLS_KP_TLS_WWW_SERVER, 0 },
    };
    gnutls_certificate_credentials_t own;
    void *shared = NULL;
    unsigned status = 0;
    int ret;

    if (!is_dns_name)
        wanted[0] =
            (gnutls_typed_vdata_st){ GNUTLS_DT_IP_ADDRESS, (uint8_t *)&address, is_v4 ? 4 : 16 };
    if (gnutls_certificate_allocate_credentials(&own) < 0) {
        gnutls_x509_trust_list_deinit(list, 1);
        return NO_MEMORY;
    }
    gnutls_certificate_set_trust_list(own, list, 0);
    ret = gnutls_credentials_get(t->session, GNUTLS_CRD_CERTIFICATE, &shared);
    if (ret >= 0)
        ret = gnutls_credentials_set(t->session, GNUTLS_CRD_CERTIFICATE, own);
    if (ret >= 0) {
        ret = gnutls_certificate_verify_peers(t->session, wanted, 2, &status);
        gnutls_credentials_set(t->session, GNUTLS_CRD_CERTIFICATE, shared);
    }
    gnutls_certificate_free_credentials(own);
    if (ret < 0)
        return gnutls_strerror(ret);
    if (status & GNUTLS_CERT_SIGNER_NOT_FOUND && is_self_signed(&t->chain[0]))
        return "certificate is self-signed and not trusted";
    if (status)
        return first_complaint(status);
    return is_dns_name && !has_dns_name(t->leaf) ? "certificate is not for this name" : NULL;
}

static const char *verify_trust(const struct trial *t)
{
    gnutls_x509_trust_list_t list;

    if (gnutls_x509_trust_list_init(&list, 1) < 0)
        return NO_MEMORY;
    if (trust_find(t->trust, t->chain, t->chain_len, NULL, NULL, list) != OK) {
        gnutls_x509_trust_list_deinit(list, 1);
        return NO_MEMORY;
    }
    return verify_against(t, list);
}

/* Adds those of the certificates that the peer sent which are pinned. */
static err_t add_pinned(const struct trial *t, gnutls_x509_trust_list_t list)
{
    for (unsigned i = 1; i < t->chain_len; i++) {
        gnutls_x509_crt_t certificate;

        if (gnutls_x509_crt_init(&certificate) < 0)
            return ERR_NOMEM;
        if (gnutls_x509_crt_import(certificate, &t->chain[i], GNUTLS_X509_FMT_DER) < 0 ||
            !is_pinned(t->peer, certificate))
            gnutls_x509_crt_deinit(certificate);
        else
            TRY(trust_add(list, certificate));
    }
    return OK;
}

/* RFC 7858 section 4.2 compares pins with the validated chain. What the peer sent is more than
 * that: anyone can add a stranger's certificate to a chain. So a pinned key other than the peer's
 * own counts if the chain is also valid when pinned certificates are all that is trusted. */
static const char *verify_pins(const struct trial *t)
{
    gnutls_x509_trust_list_t list;
    err_t err;

    if (t->peer->pin_count == 0 || is_pinned(t->peer, t->leaf))
        return NULL;
    if (gnutls_x509_trust_list_init(&list, 1) < 0)
        return NO_MEMORY;
    err = trust_find(t->trust, t->chain, t->chain_len, is_pinned, t->peer, list);
    if (err == OK)
        err = add_pinned(t, list);
    if (err != OK) {
        gnutls_x509_trust_list_deinit(list, 1);
        return NO_MEMORY;
    }
    return verify_against(t, list) ? "no pin matches" : NULL;
}

const char *tls_verify(gnutls_session_t session, const struct trust *trust,
                       const struct tls_peer *peer)
{
    struct trial t = { .session = session, .trust = trust, .peer = peer };
    const char *complaint;

    t.chain = gnutls_certificate_get_peers(session, &t.chain_len);
    if (!t.chain || t.chain_len == 0)
        return "server sent no certificate";
    if (gnutls_x509_crt_init(&t.leaf) < 0)
        return NO_MEMORY;
    if (gnutls_x509_crt_import(t.leaf, &t.chain[0], GNUTLS_X509_FMT_DER) < 0)
        complaint = "certificate is malformed";
    else
        complaint = verify_trust(&t);
    if (!complaint)
        complaint = verify_pins(&t);
    gnutls_x509_crt_deinit(t.leaf);
    return complaint;
}
