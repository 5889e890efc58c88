#ifndef CODEC_TRUST_H
#define CODEC_TRUST_H

#include "base/err.h"
#include "base/slice.h"

#include <gnutls/x509.h>

/* The certificates that are trusted to sign others. Immutable, so many threads may read it. */
struct trust;

/* `ca`: "system", or a file of PEM certificates. ERR_NOTFOUND, ERR_MALFORMED or ERR_NOMEM, told to
 * a person in `reason`. */
err_t trust_load(struct trust **ret_trust, const char *ca, char reason[256]);
void trust_free(struct trust **trust);

/* Where "system" is looked for, the first place first; NULL behind the last one. */
const char *trust_system_store(size_t index);

size_t trust_count(const struct trust *trust);

/* Which of the certificates found are wanted. */
typedef bool trust_filter_fn(const void *arg, gnutls_x509_crt_t certificate);

/* Adds to `list` the trusted certificates that could end the chain, if `filter` (may be NULL) wants
 * them. ERR_NOMEM. */
err_t trust_find(const struct trust *trust, const gnutls_datum_t *chain, unsigned chain_len,
                 trust_filter_fn *filter, const void *filter_arg, gnutls_x509_trust_list_t list);

/* Adds `certificate` to `list`, which owns it from here on, also on failure. */
err_t trust_add(gnutls_x509_trust_list_t list, gnutls_x509_crt_t certificate);

#endif
