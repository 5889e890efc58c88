#ifndef QUERY_VERDICT_H
#define QUERY_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

/* What becomes of a query. */
enum action {
    ACTION_PASS,
    ACTION_TRUNCATE, /* an empty response that sends a real client to TCP: RFC 1035 section 4.1.1 */
    ACTION_REFUSE,
    ACTION_CACHE_ONLY, /* no upstream is asked: an expired response, or SERVFAIL */
    ACTION_DROP,
};

/* Whether the client does not get what it asked for because of it. */
static inline bool action_denies(enum action action)
{
    switch (action) {
    case ACTION_PASS:
        return false;
    case ACTION_TRUNCATE:
    case ACTION_REFUSE:
    case ACTION_CACHE_ONLY:
    case ACTION_DROP:
        break;
    }
    return true;
}

struct verdict {
    enum action action;
    const char *rule;   /* who decided on it; NULL: nobody had anything against the query */
    const char *shadow; /* who would have, were it not in shadow mode; NULL: nobody */
    uint8_t bits;       /* of the prefix of the client that it is about; 0: about no prefix */
    uint64_t miss_key;  /* whose token it takes to ask an upstream; 0: nobody's */
};

#endif
