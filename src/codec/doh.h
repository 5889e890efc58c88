#ifndef CODEC_DOH_H
#define CODEC_DOH_H

#include "codec/http.h"

/* DNS in HTTP requests and responses (RFC 8484). */

/* Finds the query that `request` bears, when it is for `path`: 200, and the message, which is
 * borrowed from the request or lies in `room`; or the status with which it is refused. */
unsigned doh_read(const struct http_request *request, const char *path, uint8_t *room, size_t size,
                  struct slice *ret_message);

/* The HTTP response that carries a DNS response; fresh for as long as the smallest of its TTLs
 * (RFC 8484 section 5.1). Borrows `dns`. */
struct http_response doh_response(struct slice dns);

/* The HTTP response to a request that was refused, with one line for a person. */
struct http_response doh_refusal(unsigned status);

#endif
