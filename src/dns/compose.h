#ifndef DNS_COMPOSE_H
#define DNS_COMPOSE_H

#include "dns/message.h"

#define DNS_QUERY_MAX    384  /* a query with the longest name, padded to 128 */
#define DNS_QUERY_PAD    128  /* RFC 8467 section 4.1 */
#define DNS_RESPONSE_PAD 468  /* RFC 8467 section 4.1 */
#define DNS_UDP_SIZE     1232 /* what we take: no fragments on common paths, DNS Flag Day 2020 */

/* A query for an upstream. */
struct compose_query_settings {
    uint16_t id; /* stands in the first two bytes, where the caller may put another */
    const struct question *question;
    bool recursion_desired, checking_disabled, authentic_data, dnssec_ok; /* as the client said */
};

/* A response for a client. */
struct compose_settings {
    size_t limit;               /* at most so many bytes */
    bool has_keepalive;         /* tell the timeout: RFC 7828, never over UDP */
    uint16_t keepalive_timeout; /* in units of 100 ms */
    size_t pad_to;              /* the length becomes a multiple of it; 0 for no padding */
    struct slice cookie;        /* the client's and ours: RFC 7873; empty for none */
};

/* Why there are no records. */
struct compose_fault {
    uint16_t rcode;
    bool has_ede; /* explain it by an extended error */
    uint16_t ede;
    const char *text;  /* goes with the extended error; may be NULL */
    bool is_truncated; /* there may be more over TCP */
};

/* A record of our own. */
struct compose_record {
    uint16_t type;
    uint32_t ttl;
    bool begins_with_zone; /* its RDATA does, with the zone's name */
    struct slice rdata;    /* the rest of it; names in it are not compressed */
};

/* What we answer by ourselves. All records are of the question's class. */
struct compose_local {
    uint16_t rcode;
    bool is_authoritative;
    uint8_t zone_at;                      /* where in the question's name the zone's begins */
    const struct compose_record *answers; /* of the question's name */
    uint16_t answer_count;
    const struct compose_record *authority; /* of the zone; NULL for none */
    const char *text;                       /* why it was not asked upstream: an extended error's */
};

/* All append one whole message to `w`; ERR_TOOBIG, and nothing appended, when it has no room. */

/* The question in small letters: the client's letter case is no upstream's business. */
err_t compose_query(struct writer *w, const struct compose_query_settings *settings);

/* What is added to a query on a connection. */
struct compose_stream_settings {
    bool asks_keepalive; /* how long it may be idle: RFC 7828 section 3.2.1, never over UDP */
    size_t pad_to;       /* as in compose_settings: RFC 7830, only where it is encrypted */
};

/* A `query` of compose_query with these options. */
err_t compose_on_stream(struct writer *w, struct slice query,
                        const struct compose_stream_settings *settings);

/* The upstream's records byte by byte behind the client's question, its OPT replaced by ours.
 * What is longer than the limit becomes a truncated response without records. `client` has asked
 * the question that `upstream` answers. ERR_MALFORMED when the names of the upstream's records
 * depend on the bytes of its OPT, or when it answers another question. */
err_t compose_response(struct writer *w, const struct message *upstream,
                       const struct message_query *client, const struct compose_settings *settings);

/* A response that was read before, and has been kept without its OPT. */
struct compose_stored {
    struct header header;
    struct slice records; /* all that stood behind its question */
};

/* As compose_response, for what needs no second look: all of it fits, and either the client's
 * letter case is that of the response or its name has no byte that could be a pointer's first.
 * `client` has asked just that question. */
err_t compose_stored(struct writer *w, const struct compose_stored *stored,
                     const struct message_query *client, const struct compose_settings *settings);

/* A response without records: the header alone when the client's question could not be read. */
err_t compose_error(struct writer *w, const struct message_query *client,
                    const struct compose_fault *fault, const struct compose_settings *settings);

/* A response with records of our own, to a client whose question was read. */
err_t compose_local(struct writer *w, const struct message_query *client,
                    const struct compose_local *local, const struct compose_settings *settings);

#endif
