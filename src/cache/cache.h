#ifndef CACHE_CACHE_H
#define CACHE_CACHE_H

#include "cache/cache_config.h"
#include "dns/compose.h"

/* Responses that may be asked for again. One for all workers: every function may be called by any
 * thread at any time, except new and free. Readers never wait; writers wait for each other shortly.
 *
 * `now_s` is always seconds of the monotonic clock, the same for all threads (a second or two apart
 * is all right). */
struct cache;

/* What an entry is found by. */
struct cache_key {
    const struct question *question;   /* its letter case does not matter */
    bool dnssec_ok, checking_disabled; /* the bits DO and CD, as the client sent them */
    uint16_t view;                     /* responses of one view never serve another */
};

enum cache_result {
    CACHE_MISS,
    CACHE_FRESH,
    CACHE_STALE, /* it has expired, and is kept for the case that no upstream answers: RFC 8767 */
};

struct cache_hit {
    uint32_t ttl_left;   /* seconds; 0 when stale */
    uint32_t ttl_whole;  /* seconds it was fresh for when it was stored */
    unsigned popularity; /* 0 to 3: how often it was hit before this time, as eviction knows it */
    uint16_t rcode;
    bool is_failure;     /* RFC 9520: it tells nothing of the name */
    bool refresh_failed; /* less than 30 s ago: RFC 8767 section 5 wants no other try yet */
};

struct cache_stats {
    size_t size;          /* bytes taken at the start: the budget */
    size_t entries;       /* responses in it now */
    size_t bytes;         /* of room in use; versions since replaced count until it comes round */
    uint64_t insertions;  /* responses that were stored, refreshed ones included */
    uint64_t evictions;   /* responses that went because room was needed */
    uint64_t expirations; /* responses that had expired for good when their room was needed */
};

/* Takes the whole of `config->size` from the system; it must not be 0. ERR_NOMEM. */
err_t cache_new(struct cache **ret_cache, const struct cache_config *config);
void cache_free(struct cache **c);

/* Takes over the times of a new configuration. The size and what is remembered stay. */
void cache_configure(struct cache *c, const struct cache_config *config);

/* Appends the response for this client to `w`, as compose_response does: the client's id, letter
 * case, RD and CD, OPT, limit; AD for who asked for it. TTLs have counted down, and are never below
 * 1. A stale one has TTL 30 and tells extended error 3, or 19 for NXDOMAIN (RFC 8767 section 4, RFC
 * 8914); a caller that would rather ask an upstream first takes it back from `w`.
 *
 * `client` has asked key->question. A miss, and nothing appended, also when `w` has no room. */
enum cache_result cache_get(struct cache *c, const struct cache_key *key, uint32_t now_s,
                            const struct message_query *client,
                            const struct compose_settings *settings, struct writer *w,
                            struct cache_hit *ret_hit);

/* What cache_get would find, without its popularity. Nothing is changed: what eviction knows of the
 * entry is the same afterwards. */
enum cache_result cache_peek(struct cache *c, const struct cache_key *key, uint32_t now_s,
                             struct cache_hit *ret_hit);

/* Remembers a response, if it may be kept and answers key->question; copies it. A failure never
 * displaces an answer that can still be served: it only sets its refresh_failed. */
void cache_put(struct cache *c, const struct cache_key *key, const struct message *response,
               uint32_t now_s);

/* Remembers that no upstream answered: as if one had responded SERVFAIL. */
void cache_put_failure(struct cache *c, const struct cache_key *key, uint32_t now_s);

/* Forgets `name` (wire form) and everything below it in all views, or all when it is NULL. Returns
 * how many responses that were. */
size_t cache_flush(struct cache *c, const struct slice *name);

void cache_stats(struct cache *c, struct cache_stats *ret_stats);

/* Whether there is any response that may be served now, fresh or stale; a remembered failure is
 * none. Takes a while where there is not. */
bool cache_can_answer(struct cache *c, uint32_t now_s);

#endif
