#ifndef LISTEN_EXCHANGE_H
#define LISTEN_EXCHANGE_H

#include "base/list.h"

#include <stdint.h>

#define EXCHANGES_MAX (1u << 20) /* of one listener; queries have a lower limit of their own */

struct session;

/* One HTTP request that has no response yet. */
struct exchange {
    struct session *session;
    struct list link; /* the session's */
    uint32_t stream;
};

#endif
