#ifndef QUERY_VERDICT_H
#define QUERY_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

/* What becomes of a query. */
enum action {
#define ACTION(name, text) ACTION_##name,
#include "query/actions.def"
#undef ACTION
};

static inline const char *action_name(enum action action)
{
    static const char *const names[] = {
#define ACTION(name, text) text,
#include "query/actions.def"
#undef ACTION
    };

    return names[action];
}

/* Whether the client does not get what it asked for because of it. */
static inline bool action_denies(enum action action)
{
    switch (action) {
    case ACTION_PASS:
    case ACTION_ANSWER:
        return false;
    case ACTION_TRUNCATE:
    case ACTION_BADCOOKIE:
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
    const char *why;    /* a literal for a client who hears that the cache alone answers */
    uint8_t bits;       /* of the prefix of the client that it is about; 0: about no prefix */
    uint64_t miss_key;  /* whose token it takes to ask an upstream; 0: nobody's */
};

#endif
