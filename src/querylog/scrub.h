#ifndef QUERYLOG_SCRUB_H
#define QUERYLOG_SCRUB_H

#include "base/slice.h"

/* Changes the `len` bytes of an address, IPv4 or IPv6, in place. */
typedef void scrub_fn(void *arg, uint8_t *address, size_t len);

/* Copies a message to `room` (of DNS_MESSAGE_MAX bytes) without what tells of the client: the
 * address of its subnet option is left to `hide`, options that are not known to be harmless become
 * zeroes. Empty when the message has parts that cannot be looked through. */
struct slice scrub_query(struct slice message, uint8_t *room, scrub_fn *hide, void *arg);
struct slice scrub_response(struct slice message, uint8_t *room, scrub_fn *hide, void *arg);

/* The same for a client subnet option alone, in place; false when it is malformed. */
bool scrub_subnet(uint8_t *option, size_t len, scrub_fn *hide, void *arg);

#endif
