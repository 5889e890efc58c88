#ifndef UNIT_POLICY_DESK_H
#define UNIT_POLICY_DESK_H

#include "policy/policy.h"

/* A desk whose rules are those of a configuration; the test ends when that is wrong. */
struct policy_desk *desk_open(const char *yaml);
void desk_close(void);

/* Another configuration, with what was remembered under the first. */
void desk_reload(const char *yaml);

/* A query from `host`, judged at `now_ms`; its verdict is desk_verdict. */
enum action desk_asks(const char *host, bool is_proven, uint64_t now_ms);
const struct verdict *desk_verdict(void);

/* A question from a client who may ask; what it is answered with is desk_own. Its name is one that
 * some route speaks of when desk_route is that name or above it. */
struct desk_question {
    const char *name;
    uint16_t qtype, qclass; /* 0: IN */
    bool dnssec_ok;
};
enum action desk_asks_for(struct desk_question question);
const struct compose_local *desk_own(void);
void desk_route(const char *suffix);

/* The response to the last query has `len` bytes. */
void desk_answers(size_t len, uint64_t now_ms);

/* How many of `count` such queries are let in. */
unsigned desk_lets_in(unsigned count, const char *host, bool is_proven, uint64_t now_ms);

#endif
