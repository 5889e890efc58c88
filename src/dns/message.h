#ifndef DNS_MESSAGE_H
#define DNS_MESSAGE_H

#include "dns/edns.h"
#include "dns/header.h"
#include "dns/question.h"

/* A client's query. One that is all right and has no question asks for a cookie (RFC 7873 section
 * 5.4); `question` is the root's name with zeroes then. */
struct message_query {
    struct header header;
    bool has_question;        /* it could be read, and is echoed */
    uint16_t rcode;           /* RCODE_NOERROR, or why it may not be asked */
    struct question question; /* QCLASS and QTYPE may be any, also ones nobody knows */
    struct edns edns;         /* borrows from the wire */
};

/* ERR_MALFORMED for what must be dropped without a response: less than a header, or a response.
 * OK for everything else; then `rcode` says whether it is to be answered with an error, and all
 * that could be read is there for compose_error. */
err_t message_read_query(struct slice wire, struct message_query *ret_query);

/* An upstream's response, whose every record has been checked. Borrows `wire`. */
struct message {
    struct slice wire;
    struct header header;
    struct slice question_name;
    uint16_t qtype, qclass;
    size_t question_end, answer_end, authority_end; /* where in `wire` the sections end */
    size_t opt_start, opt_end;                      /* 0 when there is no OPT record */
    struct edns edns;
};

/* ERR_MALFORMED unless it is a response to a QUERY with one question, all of whose records are
 * whole, with at most one OPT, in its place, and nothing behind the last. */
err_t message_read_response(struct slice wire, struct message *ret_message);

/* With the eight bits from the OPT record. */
uint16_t message_rcode(const struct message *m);

enum message_section { SECTION_ANSWER, SECTION_AUTHORITY, SECTION_ADDITIONAL };

struct record {
    enum message_section section;
    size_t start, end; /* of all its bytes in the message; the owner's name is at `start` */
    uint16_t type, dns_class;
    uint32_t ttl;
    struct slice rdata;
};

/* Goes over the records of a message that was read, the OPT among them. */
struct records {
    struct reader next;
    size_t answer_end, authority_end;
};

struct records message_records(const struct message *m);
bool message_next_record(struct records *records, struct record *ret_record);

#endif
