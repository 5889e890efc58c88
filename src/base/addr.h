#ifndef BASE_ADDR_H
#define BASE_ADDR_H

#include "base/err.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/* An IPv4 or IPv6 address with its port. */
union addr {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

#define ADDR_TEXT_MAX 80 /* "[" IPv6 "%" scope "]:65535" and the final zero */

/* Reads a numeric host, without brackets ("127.0.0.1", "fe80::1%eth0"); "::ffff:127.0.0.1" is one
 * of IPv4. ERR_MALFORMED for anything else: nothing is ever looked up. */
err_t addr_parse(const char *host, uint16_t port, union addr *ret_addr);

/* Writes "127.0.0.1:53" or "[::1]:53" into `text` and returns it. */
const char *addr_format(const union addr *addr, char text[ADDR_TEXT_MAX]);

socklen_t addr_len(const union addr *addr);
uint16_t addr_port(const union addr *addr);
bool addr_equal(const union addr *a, const union addr *b); /* family, address and port */
bool addr_is_wildcard(const union addr *addr);

#endif
