#ifndef QUERYLOG_RECORD_H
#define QUERYLOG_RECORD_H

#include "base/addr.h"
#include "base/slice.h"
#include "query/query.h"

/* What is remembered of one query. The texts are static: they live as long as the process. */
struct log_record {
    uint64_t arrived_ns, took_ns; /* monotonic; until the response was ready */
    union addr client, listener;
    const char *transport;     /* of the client: "udp", "tls" */
    const char *tls_version;   /* "" without TLS */
    const char *rule, *shadow; /* of the verdict; NULL: none */
    enum query_source source;
    enum action action;
    uint8_t rule_bits;
    bool is_readable; /* there is a question; else what came stands in `query` */
    bool has_edns, dnssec_ok;
    uint16_t id, flags; /* as the query had them */
    uint16_t qtype, qclass;
    uint16_t udp_size;                /* as EDNS offered it */
    uint16_t rcode;                   /* of the response */
    uint32_t query_len, response_len; /* 0: there was no response */
    /* How long the parts are that follow, in this order. */
    uint8_t qname_len, sni_len, upstream_len;
    uint32_t query_part_len, response_part_len;
};

/* A record and its parts, borrowed from the belt. */
struct log_view {
    const struct log_record *head;
    uint64_t arrived_wall_ns;   /* since 1970, UTC */
    struct slice qname;         /* wire form, as the client wrote it */
    struct slice sni, upstream; /* the upstream's URL; empty when none was asked */
    struct slice query;         /* the message, only when it could not be read */
    struct slice response;      /* the message */
};

struct log_view record_read(struct slice bytes);

#endif
