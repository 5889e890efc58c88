#ifndef QUERYLOG_RECORD_H
#define QUERYLOG_RECORD_H

#include "base/addr.h"
#include "dns/message.h"
#include "query/query.h"

#define RECORD_SUBNET_MAX 20 /* a client subnet option with a whole IPv6 address: RFC 7871 6 */

/* What a record tells of. */
enum record_kind {
    RECORD_QUERY,    /* a client's query and what came of it */
    RECORD_EXCHANGE, /* one question to an upstream and its answer; `listener` is the upstream */
};

/* What is remembered of one query. The texts are static: they live as long as the process. */
struct log_record {
    uint64_t arrived_ns; /* monotonic */
    uint64_t took_ns;    /* until the responses of that turn were handed to the system */
    union addr client, listener;
    const char *transport;     /* of the client: "udp", "tls" */
    const char *tls_version;   /* "" without TLS */
    const char *rule, *shadow; /* of the verdict; NULL: none */
    const char *upstream_transport;
    uint16_t id, flags; /* as the query had them */
    uint16_t qtype, qclass;
    uint16_t udp_size; /* as EDNS offered it */
    uint16_t rcode;    /* of the response */
    uint16_t query_len;
    uint8_t kind;   /* enum record_kind */
    uint8_t source; /* enum query_source */
    uint8_t look;   /* enum cache_look */
    uint8_t action; /* enum action */
    uint8_t rule_bits, edns_version;
    bool is_proven;   /* the client's address is no forgery */
    bool is_readable; /* there is a question */
    bool has_edns, dnssec_ok;
    bool is_echoed; /* the question's name stands in the response */
    /* How long the parts are that follow, in this order. The name is no part when it is echoed. */
    uint8_t qname_len, sni_len, subnet_len;
    uint16_t upstream_len, query_part_len, response_len; /* 0: there was no response */
};

/* A record and its parts, borrowed from the belt. */
struct log_view {
    const struct log_record *head;
    uint64_t arrived_wall_ns;   /* since 1970, UTC */
    struct slice qname;         /* wire form, as the client wrote it */
    struct slice sni, upstream; /* the upstream's URL; empty when none was asked */
    struct slice subnet;        /* the client subnet option, as the client wrote it */
    struct slice query;         /* the message: when it cannot be read, or somebody wants it */
    struct slice response;      /* the message */
    bool has_message;           /* the response could be read: its answers and its OPT */
    struct message message;
    uint16_t rcode; /* with all its bits */
};

struct log_view record_read(struct slice bytes);

/* How the records name things. */
const char *record_look_text(enum cache_look look); /* "" when the cache was not asked */

#endif
