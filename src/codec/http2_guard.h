#ifndef CODEC_HTTP2_GUARD_H
#define CODEC_HTTP2_GUARD_H

#include "codec/http.h"

#include <nghttp2/nghttp2.h>

/* Counts what a client of HTTP/2 does that costs us much and it little. Each response that it takes
 * pays for some of it, so that no clock is needed (RFC 9113 section 10.5). */
struct http2_guard {
    uint64_t completed;           /* responses that were sent whole */
    uint64_t cancelled, provoked; /* streams that ended otherwise: by the client, by us */
    uint64_t control;             /* frames that bear no request */
    unsigned continuations;       /* of one header block */
    size_t block_len;             /* bytes of the fields of one header block */
    enum http_abuse abuse;        /* the first */
    bool is_told;                 /* the client was */
};

/* A frame's head has come; `is_new`: its stream is larger than all before. */
void http2_guard_frame(struct http2_guard *g, const nghttp2_frame_hd *frame, bool is_new);

void http2_guard_padding(struct http2_guard *g); /* DATA has come that is nothing else */

/* A header field has come; false: it is one too many. */
bool http2_guard_field(struct http2_guard *g, size_t len);

void http2_guard_completed(struct http2_guard *g); /* a response was sent whole */
void http2_guard_cancelled(struct http2_guard *g); /* a request ended without one */
void http2_guard_reset(struct http2_guard *g);     /* we had to reset a stream */
void http2_guard_refused(struct http2_guard *g);   /* what came is not HTTP/2 */
void http2_guard_flooded(struct http2_guard *g);   /* more acknowledgements are due than may wait */
void http2_guard_stuck(struct http2_guard *g);     /* responses gather behind a closed window */

/* The error code that the client is told. */
uint32_t http2_guard_code(const struct http2_guard *g);

#endif
