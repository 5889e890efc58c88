#ifndef CONFIG_TARGET_H
#define CONFIG_TARGET_H

#include "config/url.h"

enum target_kind {
    TARGET_STDOUT,
    TARGET_FILE,
    TARGET_UNIX, /* a socket that is a file */
    TARGET_UDP,
    TARGET_TCP,
    TARGET_TLS,
};

/* Where something is written to: file:/PATH, stdout, unix:/PATH, or udp://, tcp:// and tls:// with
 * an address and a port. */
struct target {
    enum target_kind kind;
    const char *path; /* of FILE and UNIX */
    struct url url;   /* of UDP, TCP and TLS */
};

/* Why a text is no target is told with the character where that shows. ERR_MALFORMED, ERR_NOMEM. */
err_t target_parse(struct store *store, const char *text, struct target *ret_target,
                   struct url_fault *ret_fault);

#endif
