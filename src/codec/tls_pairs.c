/* codec/tls_pairs.c - which of a server's certificates a client gets (RFC 6066 section 3).
 *
 * GnuTLS would choose by itself, but sets the key's kind above the name: a client of TLS 1.2 would
 * get the wrong name. Called by: tls_context.c, tls_server.c. Owns: chains and keys.
 */
#include "codec/tls_pairs.h"

#include <stdbool.h>
#include <stdlib.h>

static int take_chain(struct tls_pair *p, gnutls_certificate_credentials_t credentials,
                      unsigned index)
{
    gnutls_x509_crt_t *list;
    unsigned count;
    int ret = gnutls_certificate_get_x509_crt(credentials, index, &list, &count);

    if (ret < 0)
        return ret;
    p->chain_len = count < TLS_CHAIN_MAX ? count : TLS_CHAIN_MAX;
    ret = gnutls_pcert_import_x509_list(p->chain, list, &p->chain_len, 0);
    if (ret < 0)
        p->chain_len = 0;
    p->expires_s = gnutls_x509_crt_get_expiration_time(list[0]);
    for (unsigned i = 1; i < count; i++) {
        int64_t expires_s = gnutls_x509_crt_get_expiration_time(list[i]);

        p->expires_s = expires_s < p->expires_s ? expires_s : p->expires_s;
        gnutls_x509_crt_deinit(list[i]);
    }
    p->certificate = list[0];
    p->algorithm = (gnutls_pk_algorithm_t)gnutls_x509_crt_get_pk_algorithm(list[0], NULL);
    gnutls_free(list);
    return ret;
}

static int take_key(struct tls_pair *p, gnutls_certificate_credentials_t credentials,
                    unsigned index)
{
    gnutls_x509_privkey_t key;
    int ret = gnutls_certificate_get_x509_key(credentials, index, &key);

    if (ret >= 0)
        ret = gnutls_privkey_init(&p->key);
    if (ret >= 0)
        ret = gnutls_privkey_import_x509(p->key, key, GNUTLS_PRIVKEY_IMPORT_AUTO_RELEASE);
    return ret;
}

err_t tls_pairs_init(struct tls_pairs *pairs, gnutls_certificate_credentials_t credentials,
                     size_t count)
{
    pairs->items = calloc(count, sizeof *pairs->items);
    if (!pairs->items)
        return ERR_NOMEM;
    for (size_t i = 0; i < count; i++) {
        struct tls_pair *p = &pairs->items[pairs->count++];

        if (take_chain(p, credentials, (unsigned)i) < 0 ||
            take_key(p, credentials, (unsigned)i) < 0)
            return ERR_TLS;
    }
    return OK;
}

void tls_pairs_done(struct tls_pairs *pairs)
{
    for (size_t i = 0; i < pairs->count; i++) {
        struct tls_pair *p = &pairs->items[i];

        for (unsigned n = 0; n < p->chain_len; n++)
            gnutls_pcert_deinit(&p->chain[n]);
        gnutls_x509_crt_deinit(p->certificate);
        gnutls_privkey_deinit(p->key);
    }
    free(pairs->items);
    *pairs = (struct tls_pairs){ 0 };
}

static bool can_verify(const struct tls_pair *p, const gnutls_pk_algorithm_t *kinds, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (kinds[i] == p->algorithm)
            return true;
    return false;
}

static const struct tls_pair *choose(const struct tls_pairs *pairs, const char *name,
                                     const gnutls_pk_algorithm_t *kinds, size_t count)
{
    const struct tls_pair *first = NULL;

    for (size_t i = 0; i < pairs->count; i++) {
        const struct tls_pair *p = &pairs->items[i];

        if (name && !gnutls_x509_crt_check_hostname(p->certificate, name))
            continue;
        if (can_verify(p, kinds, count))
            return p;
        first = first ? first : p;
    }
    return first;
}

const struct tls_pair *tls_pairs_choose(const struct tls_pairs *pairs, const char *name,
                                        const gnutls_pk_algorithm_t *kinds, size_t count)
{
    const struct tls_pair *named = name[0] ? choose(pairs, name, kinds, count) : NULL;

    return named ? named : choose(pairs, NULL, kinds, count);
}
