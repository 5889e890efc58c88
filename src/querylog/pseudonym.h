#ifndef QUERYLOG_PSEUDONYM_H
#define QUERYLOG_PSEUDONYM_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

#define PSEUDONYM_KEY_SIZE 32

/* Addresses under pseudonyms that keep prefixes: two addresses share as many leading bits as their
 * pseudonyms do. Crypto-PAn (Xu, Fan, Ammar and Moon 2002), AES-128. Belongs to one thread. */
struct pseudonyms;

/* ERR_NOMEM. */
err_t pseudonyms_new(struct pseudonyms **ret_pseudonyms, const uint8_t key[PSEUDONYM_KEY_SIZE]);
void pseudonyms_free(struct pseudonyms **p);

/* The pseudonym of an address of `len` bytes, 4 or 16; it may be where the address is. */
void pseudonyms_find(struct pseudonyms *p, const uint8_t *address, size_t len, uint8_t *ret);

#endif
