#ifndef CODEC_HTTP2_FIELDS_H
#define CODEC_HTTP2_FIELDS_H

#include "codec/http.h"

#include <nghttp2/nghttp2.h>

#define HTTP2_FIELDS_MAX 6
#define HTTP2_NUMBER_MAX 24

/* The header fields of one response. `list` borrows from the rest and from the response. */
struct http2_fields {
    nghttp2_nv list[HTTP2_FIELDS_MAX];
    size_t count;
    char status[HTTP2_NUMBER_MAX], length[HTTP2_NUMBER_MAX], age[2 * HTTP2_NUMBER_MAX];
};

void http2_fields_write(struct http2_fields *f, const struct http_response *response);

#endif
