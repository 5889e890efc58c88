#ifndef UNIT_CACHE_MADE_H
#define UNIT_CACHE_MADE_H

#include "cache/cache.h"
#include "dns/types.h"
#include "unit/test.h"

/* A response in the making, for a question that stands at its front. */
struct made {
    struct writer w;
    struct question question;
    struct message message; /* once it is finished; borrows the room */
    uint16_t flags, rcode, counts[3];
    uint8_t room[DNS_MESSAGE_MAX];
};

struct question made_question(const char *name, uint16_t qtype);

void made_start(struct made *m, const char *name, uint16_t qtype, uint16_t flags);
void made_record(struct made *m, enum message_section section, uint16_t type, uint32_t ttl,
                 const void *rdata, size_t len);
void made_a(struct made *m, uint32_t ttl, uint32_t address); /* an answer */
void made_soa(struct made *m, uint32_t ttl, uint32_t minimum);
void made_opt(struct made *m, uint8_t extended_rcode, const void *options, size_t len);
const struct message *made_end(struct made *m);

/* An address record and nothing else. */
const struct message *made_address(struct made *m, const char *name, uint32_t ttl,
                                   uint32_t address);

/* The defaults, with times in seconds. */
struct cache_config made_config(size_t size);
struct cache *made_cache(size_t size);

/* What a client was given. */
struct given {
    enum cache_result result;
    struct cache_hit hit;
    struct message message; /* when it was no miss */
    uint8_t room[DNS_MESSAGE_MAX];
};

/* Asks with an EDNS client and no limit. */
enum cache_result get(struct cache *c, const char *name, uint16_t qtype, uint32_t now_s,
                      struct given *given);
enum cache_result get_as(struct cache *c, const struct cache_key *key, uint32_t now_s,
                         const struct message_query *client, size_t limit, struct given *given);
void put(struct cache *c, const struct message *response, const struct made *m, uint32_t now_s);

/* The TTL of record number `n`, from 0. */
uint32_t ttl_of(const struct message *m, unsigned n);

#endif
