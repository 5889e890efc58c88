#ifndef CONFIG_URL_H
#define CONFIG_URL_H

#include "base/addr.h"
#include "base/err.h"
#include "config/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define URL_TEXT_MAX 1024

/* SCHEME://HOST[:PORT][/PATH][#NAME], as INTERFACE.md lists the schemes. */
struct url {
    char scheme[8];
    const char *host; /* as written, without brackets */
    bool has_addr;    /* the host is numeric, and `addr` is host and port */
    union addr addr;
    uint16_t port;
    bool has_port;    /* it was written */
    const char *path; /* with its slash; NULL when there is none */
    const char *name; /* what stands behind '#'; NULL when nothing does */
    const char *text; /* the whole of it, as written */
};

/* Why a text is no URL, and the character where that shows. */
struct url_fault {
    size_t at;
    const char *why;
};

/* The strings of `ret_url` live in `store`. Nothing is looked up. */
err_t url_parse(struct store *store, const char *text, struct url *ret_url,
                struct url_fault *ret_fault);

#endif
