/* codec/tls_context.c - what all TLS sessions with the same trust share.
 *
 * Called by: upstream (one for each `ca` in the configuration), tls.c. Owns: the trusted
 * certificates and the parsed priorities. The credentials of a client are empty: trust is brought
 * in for each verification by tls_verify.c, so that threads share no GnuTLS object that anyone
 * writes.
 */
#include "codec/tls_context.h"

#include "base/clock.h"
#include "codec/trust.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <stdlib.h>

#define REASON_MAX 256

/* RFC 8446 and RFC 9325 section 4.2: TLS 1.3 and 1.2, forward secrecy, authenticated encryption and
 * nothing else. X25519 first, because the one key share that is sent is of the first group. */
#define VERSIONS "NONE:+VERS-TLS1.3:+VERS-TLS1.2:+CTYPE-X509:+ECDHE-ECDSA:+ECDHE-RSA:+AEAD"
#define GROUPS   ":+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1:+GROUP-SECP521R1"
#define SIGNATURES                                                                                 \
    ":+SIGN-EDDSA-ED25519:+SIGN-ECDSA-SECP256R1-SHA256:+SIGN-ECDSA-SHA256"                         \
    ":+SIGN-RSA-PSS-RSAE-SHA256:+SIGN-RSA-PSS-SHA256:+SIGN-RSA-SHA256"                             \
    ":+SIGN-ECDSA-SECP384R1-SHA384:+SIGN-ECDSA-SHA384:+SIGN-RSA-PSS-RSAE-SHA384"                   \
    ":+SIGN-RSA-PSS-SHA384:+SIGN-RSA-SHA384:+SIGN-ECDSA-SECP521R1-SHA512:+SIGN-ECDSA-SHA512"       \
    ":+SIGN-RSA-PSS-RSAE-SHA512:+SIGN-RSA-PSS-SHA512:+SIGN-RSA-SHA512:+SIGN-EDDSA-ED448"
#define STRENGTH ":%PROFILE_MEDIUM" /* certificates too: RSA of 2048 bits at least, no SHA-1 */

#define AES_FIRST    ":+AES-128-GCM:+CHACHA20-POLY1305:+AES-256-GCM"
#define CHACHA_FIRST ":+CHACHA20-POLY1305:+AES-128-GCM:+AES-256-GCM"

struct tls_context {
    gnutls_certificate_credentials_t credentials;
    gnutls_priority_t priority;
    struct trust *trust;
};

/* How long sealing 4 KiB takes at best; 0 when the cipher is not to be had. */
static uint64_t sealing_ns(gnutls_cipher_algorithm_t cipher)
{
    static const uint8_t zeroes[4096];
    uint8_t sealed[sizeof zeroes + 16];
    gnutls_datum_t key = { (uint8_t *)(uintptr_t)zeroes,
                           (unsigned)gnutls_cipher_get_key_size(cipher) };
    gnutls_aead_cipher_hd_t handle;
    uint64_t best = 0;

    if (gnutls_aead_cipher_init(&handle, cipher, &key) < 0)
        return 0;
    for (int i = 0; i < 4; i++) {
        uint64_t start = clock_monotonic_ns(), taken;
        size_t len = sizeof sealed;

        gnutls_aead_cipher_encrypt(handle, zeroes, 12, NULL, 0, 16, zeroes, sizeof zeroes, sealed,
                                   &len);
        taken = clock_monotonic_ns() - start;
        best = i == 0 || taken < best ? taken : best;
    }
    gnutls_aead_cipher_deinit(handle);
    return best;
}

/* AES wins by far where the processor helps with it, ChaCha20 by far where not: the answer is
 * measured, for there is no portable way to ask. It takes some 100 us, once. */
static const char *priority_text(void)
{
    if (sealing_ns(GNUTLS_CIPHER_AES_128_GCM) > sealing_ns(GNUTLS_CIPHER_CHACHA20_POLY1305))
        return VERSIONS CHACHA_FIRST GROUPS SIGNATURES STRENGTH;
    return VERSIONS AES_FIRST GROUPS SIGNATURES STRENGTH;
}

err_t tls_context_new_client(struct tls_context **ret_context, const char *ca,
                             char reason[REASON_MAX])
{
    struct tls_context *c = calloc(1, sizeof *c);
    err_t err = ERR_NOMEM;
    int ret;

    snprintf(reason, REASON_MAX, "%s", err_text(err));
    if (!c || gnutls_certificate_allocate_credentials(&c->credentials) < 0)
        goto fail;
    err = trust_load(&c->trust, ca, reason);
    if (err != OK)
        goto fail;
    ret = gnutls_priority_init(&c->priority, priority_text(), NULL);
    if (ret < 0) {
        snprintf(reason, REASON_MAX, "the system allows none of our TLS suites: %s",
                 gnutls_strerror(ret));
        err = ERR_TLS;
        goto fail;
    }
    *ret_context = c;
    return OK;
fail:
    tls_context_free(&c);
    return err;
}

void tls_context_free(struct tls_context **context)
{
    struct tls_context *c = *context;

    if (!c)
        return;
    if (c->credentials)
        gnutls_certificate_free_credentials(c->credentials);
    gnutls_priority_deinit(c->priority);
    trust_free(&c->trust);
    free(c);
    *context = NULL;
}

err_t tls_context_apply(const struct tls_context *context, gnutls_session_t session)
{
    if (gnutls_priority_set(session, context->priority) < 0 ||
        gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, context->credentials) < 0)
        return ERR_TLS;
    return OK;
}

const struct trust *tls_context_trust(const struct tls_context *context)
{
    return context->trust;
}
