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

/* From now on queries bear this COOKIE option; the bytes are the caller's. */
void desk_brings(struct slice cookie);

/* What the last query's said, and the one in its response; empty when it has none. */
enum cookie_state desk_cookie_state(void);
struct slice desk_cookie(void);

/* The next query has this RCODE before anybody judges it; the last one's afterwards. */
void desk_spoils(uint16_t rcode);
uint16_t desk_rcode(void);

/* The response to the last query has `len` bytes. */
void desk_answers(size_t len, uint64_t now_ms);

/* How many of `count` such queries are let in. */
unsigned desk_lets_in(unsigned count, const char *host, bool is_proven, uint64_t now_ms);

#endif
