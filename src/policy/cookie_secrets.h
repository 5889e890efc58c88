#ifndef POLICY_COOKIE_SECRETS_H
#define POLICY_COOKIE_SECRETS_H

#include "base/err.h"
#include "base/hash.h"

#include <stddef.h>

#define COOKIE_SECRETS_MAX 8 /* a cookie that is none of ours is tried with all of them */

/* Cookies are made with the first, and taken back by all. */
struct cookie_secrets {
    struct hash_key items[COOKIE_SECRETS_MAX];
    size_t count;
};

#define COOKIE_FAULT_MAX 400

/* All secrets of a file. ERR_CONFIG and in `fault` what is wrong with it, which never tells what
 * stands in a line. */
err_t cookie_secrets_read(struct cookie_secrets *ret_secrets, const char *file,
                          char fault[COOKIE_FAULT_MAX]);

#endif
