#ifndef QUERY_VERDICT_H
#define QUERY_VERDICT_H

#include <stdint.h>

/* What becomes of a query. */
enum action {
    ACTION_PASS,
    ACTION_TRUNCATE, /* an empty response that sends a real client to TCP: RFC 1035 section 4.1.1 */
    ACTION_BADCOOKIE, /* as short, for who has cookies: a real client comes back with ours. RFC 7873
                         section 5.2.3 */
    ACTION_REFUSE,
    ACTION_CACHE_ONLY, /* no upstream is asked: an expired response, or SERVFAIL */
    ACTION_DROP,
};

struct verdict {
    enum action action;
    const char *rule;   /* who decided on it; NULL: nobody had anything against the query */
    const char *shadow; /* who would have, were it not in shadow mode; NULL: nobody */
    uint8_t bits;       /* of the prefix of the client that it is about; 0: about no prefix */
    uint64_t miss_key;  /* whose token it takes to ask an upstream; 0: nobody's */
};

#endif
