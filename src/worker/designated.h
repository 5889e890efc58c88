#ifndef WORKER_DESIGNATED_H
#define WORKER_DESIGNATED_H

#include "dns/compose.h"

struct config;

#define DESIGNATED_MAX 8 /* more doors are not told of */

/* The doors with TLS that bear a name, as SVCB records (RFC 9461, RFC 9462 section 4). */
struct designated {
    uint16_t count;
    struct compose_record records[DESIGNATED_MAX];
    uint8_t rdata[4096]; /* of all of them; who does not fit is not told of */
};

void designated_read(struct designated *ret_designated, const struct config *config);

#endif
