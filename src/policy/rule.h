#ifndef POLICY_RULE_H
#define POLICY_RULE_H

#include "base/err.h"
#include "query/query.h"

#include <stddef.h>

struct config;
struct explanation;
struct policy_desk;
struct policy_state;

#define POLICY_REASON_MAX 512

/* A query before a rule, which notes what it finds. */
struct trial {
    struct policy_desk *desk;
    struct policy_state *state; /* what all rules of all workers remember */
    struct query *query;        /* of one who connects only the client is known */
    uint64_t now_ns;
    uint8_t bits;          /* of the client's prefix that the rule's answer is about */
    struct slice about;    /* the part of its QNAME that it is about; may be empty */
    struct query *instead; /* one that waits, and is hit in place of this one; or NULL */
    const char *why;       /* a literal for the client who hears that the cache alone answers */
};

/* When a rule is asked: a query was read, which may be faulty (asked.rcode tells) or have no
 * question (asked.has_question); the cache has no fresh response to it; somebody connects; and TLS
 * is to be agreed on. */
enum moment { ON_QUERY, ON_MISS, ON_CONNECT, ON_HANDSHAKE, MOMENT_COUNT };

/* What a rule knows, and when it is asked. What is absent has nothing to say. None of them
 * allocates, waits, or takes longer for more clients. */
struct rule_ops {
    const char *name;
    size_t size; /* of what compile fills in */

    /* What `config` says, made ready. Why not, told to a person in `reason`; then `done` follows.
     */
    err_t (*compile)(void *rule, const struct config *config, char reason[POLICY_REASON_MAX]);
    void (*done)(void *rule);

    /* What should become of the query; of one who connects, whether that is anything but PASS. */
    enum action (*judge[MOMENT_COUNT])(const void *rule, struct trial *t);

    /* What `judge` would say, and why, of a client over UDP that has no cookie. Changes nothing; no
     * rule is without it. */
    enum action (*explain)(const void *rule, const struct trial *t, const struct explanation *e);

    /* An upstream is asked, and not for somebody else already. */
    void (*on_asked)(const void *rule, const struct trial *t);

    /* The query waits for an upstream; and no longer does. Rules that are off are told the latter,
     * too. */
    void (*on_waits)(const void *rule, const struct trial *t);
    void (*on_left)(const void *rule, const struct trial *t);

    /* Its response is ready to go. */
    void (*on_response)(const void *rule, const struct trial *t);
};

#endif
