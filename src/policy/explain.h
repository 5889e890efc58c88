#ifndef POLICY_EXPLAIN_H
#define POLICY_EXPLAIN_H

#include "base/gcra.h"

/* Where a rule explains itself, a line at a time. */
struct explanation {
    void (*say)(void *arg, const char *what, const char *text);
    void (*tokens)(void *arg, const char *whose, uint64_t left, uint64_t all);
    void *arg;
};

void explain_say(const struct explanation *e, const char *what, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Says what is left in a bucket, of clients in `prefix` that are proven or not. Whether that is a
 * token at least. */
bool explain_bucket(const struct explanation *e, const struct gcra *g, uint64_t key,
                    const struct gcra_rate *rate, uint64_t now_ns, const char *prefix,
                    bool is_proven);

#endif
