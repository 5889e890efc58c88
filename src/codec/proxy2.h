#ifndef CODEC_PROXY2_H
#define CODEC_PROXY2_H

#include "base/addr.h"
#include "base/err.h"
#include "base/slice.h"

#define PROXY2_MAX 2048 /* of what is taken: addresses are 52 bytes, the rest is for TLVs */

/* What a load balancer says of the connection, or the datagram, that it passes on. */
struct proxy2 {
    size_t len;        /* of the header: the client's own bytes follow */
    bool has_client;   /* false: the balancer speaks for itself (LOCAL), or of no IP address */
    union addr client; /* who connected to the balancer */
};

/* Reads the header at the beginning of `bytes` (the PROXY protocol, version 2). ERR_AGAIN when more
 * bytes are needed, ERR_MALFORMED when it is none, or is longer than PROXY2_MAX. */
err_t proxy2_read(struct slice bytes, struct proxy2 *ret_header);

#endif
