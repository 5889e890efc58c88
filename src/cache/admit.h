#ifndef CACHE_ADMIT_H
#define CACHE_ADMIT_H

#include "dns/message.h"

/* How long responses live, in seconds. */
struct lifetimes {
    uint32_t min, max, negative_max, failure, stale;
};

/* What becomes of a response. */
struct admission {
    uint32_t ttl;         /* it is fresh for so many seconds; 0: it is not kept */
    uint32_t least, most; /* between these its records' TTLs are put; `most` is stronger */
    bool is_failure;      /* it tells nothing of the name: RFC 9520 */
    bool is_negative;     /* there is no such name or type: RFC 2308 */
};

/* RFC 2181 section 8: a TTL with its top bit set is 0. */
static inline uint32_t honest_ttl(uint32_t ttl)
{
    return ttl <= INT32_MAX ? ttl : 0;
}

/* Whether a response may be kept, and how long. Whether it answers the question is not looked at.
 */
struct admission admit(const struct message *response, const struct lifetimes *lifetimes);

#endif
