#ifndef REPLAY_TALK_H
#define REPLAY_TALK_H

#include "dns/message.h"
#include "dns/types.h"

/* What a client makes of a response. */
struct heard {
    uint16_t id, flags, rcode;
    char name[DNS_NAME_TEXT_MAX]; /* in the letter case of the message */
    bool has_address;
    uint32_t address; /* of the first A record */
    uint32_t ttl;     /* and its TTL */
    bool has_ede;
    uint16_t ede;
    char ede_text[128];
    size_t len;
    size_t cookie_len; /* 0: none came */
    uint8_t cookie[40];
};

/* What an upstream makes of a query. */
struct socket;
struct asked {
    struct socket *on; /* where it came in */
    uint16_t id, flags;
    struct question question;
    char name[DNS_NAME_TEXT_MAX];
};

/* A message in the making. */
struct said {
    size_t len;
    uint8_t bytes[2048];
};

static inline struct slice said_slice(const struct said *s)
{
    return slice_of(s->bytes, s->len);
}

/* The address of `name` in this world, whatever its letter case: an answer to another question
 * shows. */
uint32_t address_of(const char *name);

/* A query for the address of `name`, with EDNS. */
struct said say_query(uint16_t id, const char *name);

/* The same with a COOKIE option. */
struct said say_query_with_cookie(uint16_t id, const char *name, struct slice cookie);

/* The right answer with `flags` added: one record, or none with DNS_TC. */
struct said say_answer(const struct asked *asked, uint16_t flags);

/* The same, and how long the connection may idle (RFC 7828), in units of 100 ms. */
struct said say_answer_keepalive(const struct asked *asked, uint16_t timeout);

/* No record, but an extended error (RFC 8914). */
struct said say_failure(const struct asked *asked, enum dns_rcode rcode, enum dns_ede ede,
                        const char *text);

bool hear_response(struct slice wire, struct heard *ret_heard);
bool hear_query(struct slice wire, struct asked *ret_asked);

#endif
