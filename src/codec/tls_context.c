/* codec/tls_context.c - what all TLS sessions with the same trust or the same certificates share.
 *
 * Called by: upstream (one for each `ca` in the configuration), listen (one for each door),
 * tls_client.c, tls_server.c. Owns: trusted or own certificates, the parsed priorities, the ticket
 * key. The credentials of a client hold what it shows itself, and no trust: that is brought in for
 * each verification by tls_verify.c, so that threads share no GnuTLS object that anyone writes.
 */
#include "codec/tls_context.h"

#include "base/clock.h"
#include "codec/tls_pairs.h"
#include "codec/tls_session.h"
#include "codec/trust.h"

#include <errno.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
#define STRENGTH                                                                                   \
    ":%PROFILE_MEDIUM:%SERVER_PRECEDENCE" /* certificates too: RSA of 2048 bits at least, no SHA-1 \
                                           */

#define AES_FIRST    ":+AES-128-GCM:+CHACHA20-POLY1305:+AES-256-GCM"
#define CHACHA_FIRST ":+CHACHA20-POLY1305:+AES-128-GCM:+AES-256-GCM"

#define ALPN_MAX 4

struct tls_context {
    _Atomic unsigned references;
    gnutls_certificate_credentials_t credentials;
    gnutls_priority_t priority;
    struct trust *trust; /* a client's */
    /* a server's */
    gnutls_datum_t alpn[ALPN_MAX];
    unsigned alpn_count;
    bool gives_tickets;
    uint8_t ticket_key[TLS_TICKET_KEY_SIZE];
    struct tls_pairs pairs;
    int64_t expires_s;
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

static err_t make(struct tls_context **ret_context, char reason[TLS_REASON_MAX])
{
    struct tls_context *c = calloc(1, sizeof *c);
    int ret;

    snprintf(reason, TLS_REASON_MAX, "%s", err_text(ERR_NOMEM));
    if (!c)
        return ERR_NOMEM;
    atomic_init(&c->references, 1);
    if (gnutls_certificate_allocate_credentials(&c->credentials) < 0) {
        tls_context_unref(&c);
        return ERR_NOMEM;
    }
    ret = gnutls_priority_init(&c->priority, priority_text(), NULL);
    if (ret < 0) {
        snprintf(reason, TLS_REASON_MAX, "the system allows none of our TLS suites: %s",
                 gnutls_strerror(ret));
        tls_context_unref(&c);
        return ERR_TLS;
    }
    *ret_context = c;
    return OK;
}

err_t tls_context_new_client(struct tls_context **ret_context, const char *ca,
                             char reason[TLS_REASON_MAX])
{
    struct tls_context *c;
    err_t err;

    TRY(make(&c, reason));
    err = trust_load(&c->trust, ca, reason);
    if (err != OK) {
        tls_context_unref(&c);
        return err;
    }
    *ret_context = c;
    return OK;
}

/* GnuTLS leaks what it has read of a list when one in it is broken, and files may stay broken for
 * long while they are tried again and again. So each is tried alone before. */
static int try_each(const gnutls_datum_t *pem)
{
    const char *at = (const char *)pem->data;
    int ret = 0;

    while (ret >= 0 && (at = strstr(at, "-----BEGIN CERTIFICATE"))) {
        const gnutls_datum_t rest = { (uint8_t *)(uintptr_t)at,
                                      pem->size - (unsigned)(at - (const char *)pem->data) };
        gnutls_x509_crt_t certificate;

        ret = gnutls_x509_crt_init(&certificate);
        if (ret < 0)
            break;
        ret = gnutls_x509_crt_import(certificate, &rest, GNUTLS_X509_FMT_PEM);
        gnutls_x509_crt_deinit(certificate);
        at++;
    }
    return ret;
}

static int load_pair(struct tls_context *c, const char *certificate, const char *key)
{
    gnutls_datum_t chain_pem = { 0 }, key_pem = { 0 };
    int ret = gnutls_load_file(certificate, &chain_pem);

    if (ret >= 0)
        ret = gnutls_load_file(key, &key_pem);
    if (ret >= 0)
        ret = try_each(&chain_pem);
    if (ret >= 0)
        ret = gnutls_certificate_set_x509_key_mem(c->credentials, &chain_pem, &key_pem,
                                                  GNUTLS_X509_FMT_PEM);
    gnutls_free(chain_pem.data);
    if (key_pem.data)
        gnutls_memset(key_pem.data, 0, key_pem.size);
    gnutls_free(key_pem.data);
    return ret;
}

static err_t read_pair(struct tls_context *c, const char *certificate, const char *key,
                       char reason[TLS_REASON_MAX])
{
    const char *files[] = { certificate, key };
    int ret;

    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        if (access(files[i], R_OK) == 0)
            continue;
        snprintf(reason, TLS_REASON_MAX, "%s: %s; give a file that this user can read", files[i],
                 strerror(errno));
        return ERR_NOTFOUND;
    }
    ret = load_pair(c, certificate, key);
    if (ret >= 0)
        return OK;
    if (ret == GNUTLS_E_CERTIFICATE_KEY_MISMATCH)
        snprintf(reason, TLS_REASON_MAX, "%s: the key is not that of %s", key, certificate);
    else
        snprintf(
            reason, TLS_REASON_MAX,
            "%s and %s: %s; write a PEM certificate, with those that signed it behind it, and a "
            "PEM key without a password",
            certificate, key, gnutls_strerror(ret));
    return ret == GNUTLS_E_MEMORY_ERROR ? ERR_NOMEM : ERR_MALFORMED;
}

err_t tls_context_show(struct tls_context *context, const char *certificate, const char *key,
                       char reason[TLS_REASON_MAX])
{
    return read_pair(context, certificate, key, reason);
}

static err_t copy_alpn(struct tls_context *c, const struct tls_server_settings *settings)
{
    for (; c->alpn_count < settings->alpn_count && c->alpn_count < ALPN_MAX; c->alpn_count++) {
        char *name = strdup(settings->alpn[c->alpn_count]);

        if (!name)
            return ERR_NOMEM;
        c->alpn[c->alpn_count] = (gnutls_datum_t){ (uint8_t *)name, (unsigned)strlen(name) };
    }
    return OK;
}

err_t tls_context_new_server(struct tls_context **ret_context,
                             const struct tls_server_settings *settings,
                             char reason[TLS_REASON_MAX])
{
    static const uint8_t no_key[TLS_TICKET_KEY_SIZE];
    struct tls_context *c;
    err_t err;

    TRY(make(&c, reason));
    err = copy_alpn(c, settings);
    for (size_t i = 0; i < settings->count && err == OK; i++)
        err = read_pair(c, settings->certificates[i], settings->keys[i], reason);
    if (err == OK)
        err = tls_pairs_init(&c->pairs, c->credentials, settings->count);
    if (err != OK) {
        tls_context_unref(&c);
        return err;
    }
    for (size_t i = 0; i < c->pairs.count; i++)
        if (i == 0 || c->pairs.items[i].expires_s < c->expires_s)
            c->expires_s = c->pairs.items[i].expires_s;
    if (c->pairs.count > 1)
        gnutls_certificate_set_retrieve_function3(c->credentials, tls_server_choose_pair);
    memcpy(c->ticket_key, settings->ticket_key, sizeof c->ticket_key);
    c->gives_tickets = memcmp(c->ticket_key, no_key, sizeof no_key) != 0;
    *ret_context = c;
    return OK;
}

struct tls_context *tls_context_ref(struct tls_context *context)
{
    atomic_fetch_add_explicit(&context->references, 1, memory_order_relaxed);
    return context;
}

void tls_context_unref(struct tls_context **context)
{
    struct tls_context *c = *context;

    *context = NULL;
    if (!c || atomic_fetch_sub_explicit(&c->references, 1, memory_order_acq_rel) > 1)
        return;
    if (c->credentials)
        gnutls_certificate_free_credentials(c->credentials);
    gnutls_priority_deinit(c->priority);
    trust_free(&c->trust);
    tls_pairs_done(&c->pairs);
    for (unsigned i = 0; i < c->alpn_count; i++)
        free(c->alpn[i].data);
    gnutls_memset(c->ticket_key, 0, sizeof c->ticket_key);
    free(c);
}

err_t tls_context_apply(const struct tls_context *context, gnutls_session_t session)
{
    gnutls_datum_t key = { (uint8_t *)(uintptr_t)context->ticket_key, TLS_TICKET_KEY_SIZE };

    if (gnutls_priority_set(session, context->priority) < 0 ||
        gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, context->credentials) < 0)
        return ERR_TLS;
    /* RFC 7301 section 3.2: a client that names only others is refused */
    if (context->alpn_count > 0 &&
        gnutls_alpn_set_protocols(session, context->alpn, context->alpn_count,
                                  GNUTLS_ALPN_MANDATORY | GNUTLS_ALPN_SERVER_PRECEDENCE) < 0)
        return ERR_TLS;
    if (context->gives_tickets && gnutls_session_ticket_enable_server(session, &key) < 0)
        return ERR_TLS;
    return OK;
}

const struct tls_pairs *tls_context_pairs(const struct tls_context *context)
{
    return &context->pairs;
}

bool tls_context_gives_tickets(const struct tls_context *context)
{
    return context->gives_tickets;
}

int64_t tls_context_expires_s(const struct tls_context *context)
{
    return context->expires_s;
}

const struct trust *tls_context_trust(const struct tls_context *context)
{
    return context->trust;
}
