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

/* The cache knows nothing of `name`; when that is let through, an upstream is asked. */
enum action desk_misses(const char *host, const char *name, bool is_proven, uint64_t now_ms);

/* The same, but somebody has asked already and the answer is on its way. */
enum action desk_joins(const char *host, const char *name, bool is_proven, uint64_t now_ms);

/* How many of `count` names below `domain`, each another one, are asked for. */
unsigned desk_floods(unsigned count, const char *host, const char *domain, uint64_t now_ms);
/* From now on queries bear this COOKIE option; the bytes are the caller's. */
void desk_brings(struct slice cookie);

/* What the last query's said, and the one in its response; empty when it has none. */
enum cookie_state desk_cookie_state(void);
struct slice desk_cookie(void);

/* The next query has this RCODE before anybody judges it; the last one's afterwards. */
void desk_spoils(uint16_t rcode);
uint16_t desk_rcode(void);

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

/* What a rule would say of a query from `host` about `name`; its lines are in `text`, one after the
 * other, each "what: found". */
struct policy_opinion desk_explains(enum rule_id rule, const char *host, const char *name,
                                    uint64_t now_ms, char text[1024]);

/* All rules say what will become of a query, and that becomes of it; the query waits then for a
 * while.
 */
enum action desk_keeps_its_word(const char *host, bool is_proven, struct desk_question asked,
                                uint64_t now_ms);

/* How many of `count` such queries are let in. */
unsigned desk_lets_in(unsigned count, const char *host, bool is_proven, uint64_t now_ms);

#endif
