#ifndef CACHE_ENTRY_H
#define CACHE_ENTRY_H

#include "base/hash.h"
#include "cache/admit.h"
#include "cache/cache.h"

#define ENTRY_WIRE_MAX 16384 /* longer responses are not kept */
#define ENTRY_HEADER   24
#define ENTRY_WORDS    ((ENTRY_HEADER + ENTRY_WIRE_MAX - DNS_HEADER_SIZE + 7) / 8)

enum entry_bit {
    ENTRY_DO = 1,
    ENTRY_CD = 2,
    ENTRY_KEY_BITS = ENTRY_DO | ENTRY_CD,
    ENTRY_FAILURE = 4,
    ENTRY_MISLEADS = 8, /* its name must not be written in another letter case unchecked */
};

/* A response as it is kept: what the DNS header says in fewer bytes, then all that stood behind it,
 * without the OPT. Times are seconds of the monotonic clock and wrap, so that an entry may be older
 * than the machine has been running. */
struct entry {
    uint16_t len; /* of all, in bytes; 0 where no entry is: see ring.h */
    uint16_t view;
    uint32_t stored_s;
    uint32_t ttl_s;
    uint32_t retry_s; /* until then no refresh should be tried: RFC 8767 section 5 */
    uint16_t flags;   /* of the DNS header */
    uint8_t bits;     /* of enum entry_bit */
    uint8_t unused;
    uint32_t counts; /* of records: 12 bits for answers, 10 for authority, 10 for additional */
    uint8_t body[ENTRY_WORDS * 8 - ENTRY_HEADER];
};

/* Room for an entry outside the cache. */
union entry_room {
    struct entry entry;
    uint64_t words[ENTRY_WORDS];
    uint8_t bytes[ENTRY_WORDS * 8];
};

_Static_assert(offsetof(struct entry, body) == ENTRY_HEADER, "the header is as long as it says");

static inline size_t entry_words(const struct entry *e)
{
    return (e->len + 7u) / 8u;
}

/* Seconds since it was stored; 0 when another worker's clock is behind. */
static inline uint32_t entry_age(const struct entry *e, uint32_t now_s)
{
    const int32_t age = (int32_t)(now_s - e->stored_s);

    return age > 0 ? (uint32_t)age : 0;
}

static inline bool entry_is_fresh(const struct entry *e, uint32_t now_s)
{
    return entry_age(e, now_s) < e->ttl_s;
}

/* Whether it may still be served as stale, or is fresh. Failures are never stale. */
static inline bool entry_is_usable(const struct entry *e, uint32_t now_s, uint32_t stale_s)
{
    return entry_age(e, now_s) < e->ttl_s + ((e->bits & ENTRY_FAILURE) ? 0 : stale_s);
}

/* Makes an entry of a response that has been admitted. ERR_TOOBIG for what does not fit,
 * ERR_MALFORMED when the response cannot live without its OPT. */
err_t entry_make(union entry_room *room, const struct cache_key *key,
                 const struct message *response, const struct admission *admission);

bool entry_answers(const struct entry *e, const struct cache_key *key);

/* Both hash the same for the same question. */
uint64_t key_hash(const struct hash_key *secret, const struct cache_key *key);
uint64_t entry_hash(const struct hash_key *secret, const struct entry *e);

/* Takes `age` seconds from the records' TTLs, down to 1. The question's name is `name_len` long. */
void entry_age_ttls(union entry_room *room, size_t name_len, uint32_t age);
void entry_set_ttls(union entry_room *room, size_t name_len, uint32_t ttl);

/* Borrows the entry. */
struct compose_stored entry_stored(const struct entry *e, size_t name_len);

/* The name of its question, as the upstream wrote it. */
struct slice entry_name(const struct entry *e);

/* Gives the entry back its DNS header, in place, and tells it as a message for compose_response
 * (the ends of its sections are not told). It borrows `room`, which holds no entry afterwards. */
void entry_to_message(union entry_room *room, struct message *ret_message);

#endif
