#ifndef CODEC_FORWARDED_H
#define CODEC_FORWARDED_H

#include "base/addr.h"
#include "base/prefix.h"
#include "codec/http.h"

/* Who sent a request that came by way of trusted reverse proxies: the last address in Forwarded
 * (RFC 7239) or, without that, in X-Forwarded-For, which is not itself a trusted one. `peer` is who
 * the connection is from, and the client when nothing better is told. ERR_MALFORMED when the
 * request bears both and they do not mean the same client. */
err_t forwarded_client(const struct http_request *request, const struct prefixes *trusted,
                       const union addr *peer, union addr *ret_client);

#endif
