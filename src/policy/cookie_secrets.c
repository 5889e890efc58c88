/* policy/cookie_secrets.c - secrets that servers share to take each other's cookies.
 *
 * Called by: policy_config.c (to find what is wrong), cookie.c (to keep them).
 */
#include "policy/cookie_secrets.h"

#include "config/lines.h"
#include "dns/cookie.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct reading {
    const char *file;
    char *fault;
    struct cookie_secrets secrets;
};

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static bool read_secret(const char *text, struct hash_key *ret_secret)
{
    uint8_t bytes[COOKIE_SECRET_SIZE];

    if (strlen(text) != 2 * sizeof bytes)
        return false;
    for (size_t i = 0; i < sizeof bytes; i++) {
        int high = digit_of(text[2 * i]), low = digit_of(text[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    *ret_secret = cookie_secret(bytes);
    return true;
}

static err_t add_line(void *arg, unsigned line, const char *text)
{
    struct reading *r = arg;
    struct hash_key secret;

    if (!text || !read_secret(text, &secret)) {
        snprintf(r->fault, COOKIE_FAULT_MAX,
                 "%.200s:%u: this is no secret; write 32 hexadecimal digits", r->file, line);
        return ERR_CONFIG;
    }
    if (r->secrets.count == COOKIE_SECRETS_MAX) {
        snprintf(r->fault, COOKIE_FAULT_MAX, "%.200s:%u: there may be %d secrets at most", r->file,
                 line, COOKIE_SECRETS_MAX);
        return ERR_CONFIG;
    }
    r->secrets.items[r->secrets.count++] = secret;
    return OK;
}

err_t cookie_secrets_read(struct cookie_secrets *ret_secrets, const char *file,
                          char fault[COOKIE_FAULT_MAX])
{
    struct reading r = { .file = file, .fault = fault };
    err_t err = lines_read(file, add_line, &r);

    if (err == ERR_SYSTEM)
        snprintf(fault, COOKIE_FAULT_MAX, "%.200s: %s; give a file that can be read", file,
                 strerrordesc_np(errno));
    else if (err == OK && r.secrets.count == 0)
        snprintf(fault, COOKIE_FAULT_MAX, "%.200s has no secret; write 32 hexadecimal digits",
                 file);
    else if (err == OK) {
        *ret_secrets = r.secrets;
        return OK;
    }
    return ERR_CONFIG;
}
