#ifndef QUERY_VERDICT_H
#define QUERY_VERDICT_H

#include <stdint.h>

/* What becomes of a query. */
enum action {
    ACTION_PASS,
    ACTION_ANSWER,   /* by what the rule has put into the query; nobody is asked */
    ACTION_TRUNCATE, /* an empty response that sends a real client to TCP: RFC 1035 section 4.1.1 */
    ACTION_REFUSE,
    ACTION_DROP,
};

struct verdict {
    enum action action;
    const char *rule;   /* who decided on it; NULL: nobody had anything against the query */
    const char *shadow; /* who would have, were it not in shadow mode; NULL: nobody */
    uint8_t bits;       /* of the prefix of the client that it is about; 0: about no prefix */
};

#endif
