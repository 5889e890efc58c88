#ifndef DNS_EDNS_H
#define DNS_EDNS_H

#include "base/err.h"
#include "base/reader.h"

#define DNS_UDP_SIZE_MIN 512 /* what everybody takes: RFC 1035 section 2.3.4 */

/* Codes of the options: the IANA registry of DNS EDNS0 option codes. */
enum edns_option {
    EDNS_CLIENT_SUBNET = 8,   /* RFC 7871 */
    EDNS_COOKIE = 10,         /* RFC 7873 */
    EDNS_TCP_KEEPALIVE = 11,  /* RFC 7828 */
    EDNS_PADDING = 12,        /* RFC 7830 */
    EDNS_EXTENDED_ERROR = 15, /* RFC 8914 */
};

#define EDNS_OPTION_HEADER 4 /* code and length */

/* What an OPT record says. The slices are borrowed from the message, empty when there is none. */
struct edns {
    bool present, dnssec_ok;
    bool wants_keepalive; /* without a timeout, as a client asks */
    bool has_keepalive;   /* with a timeout, as a server answers */
    bool padded;
    uint8_t version, extended_rcode;
    uint16_t udp_size;          /* never less than DNS_UDP_SIZE_MIN: RFC 6891 section 6.2.3 */
    uint16_t keepalive_timeout; /* in units of 100 ms */
    struct slice client_subnet, cookie, extended_error; /* the first of each, however long */
    struct slice options;                               /* all of them */
};

struct option {
    uint16_t code;
    struct slice data;
};

/* Reads what an OPT record bears in CLASS, TTL and RDATA (RFC 6891 section 6.1). When the options
 * are malformed the rest of `ret_edns` is told all the same: the response needs an OPT as well. */
err_t read_edns(uint16_t udp_size, uint32_t ttl, struct slice options, struct edns *ret_edns);

/* The next option; false at the end, and when `r` has failed. */
bool read_option(struct reader *r, struct option *ret_option);

#endif
