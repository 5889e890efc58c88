#ifndef CODEC_HTTP2_STREAM_H
#define CODEC_HTTP2_STREAM_H

#include "base/list.h"
#include "codec/http.h"

#include <nghttp2/nghttp2.h>

#define HTTP2_HEAD_MAX  16384 /* bytes of the header fields of one request */
#define HTTP2_BODY_KEPT 1024  /* room for a body that a stream keeps when it is used again */

enum stage { READING, ASKED, ANSWERED };

/* One request and its response. */
struct http2_stream {
    struct list link;
    int32_t id;
    enum stage stage;
    enum http_verb verb;
    unsigned fault, field_count;
    size_t head_len;
    nghttp2_rcbuf *target, *content_type, *accept;
    struct buffer forwarded, x_forwarded_for;
    struct buffer body; /* of the request, then of the response */
};

/* Those of one connection. */
struct http2_streams {
    struct list open, spare;
    unsigned spare_count;
    unsigned reading; /* requests that are not complete */
    size_t held;      /* bytes of header fields and bodies */
    size_t waiting;   /* bytes of responses that are not sent */
};

void http2_streams_init(struct http2_streams *all);
void http2_streams_done(struct http2_streams *all);

struct http2_stream *http2_stream_take(struct http2_streams *all, int32_t id); /* NULL: no memory */
void http2_stream_give(struct http2_streams *all, struct http2_stream *s);

/* Take what comes; too much of it becomes the request's fault. False when there is no memory. */
bool http2_stream_read_field(struct http2_streams *all, struct http2_stream *s, struct slice name,
                             nghttp2_rcbuf *value);
bool http2_stream_read_body(struct http2_streams *all, struct http2_stream *s, struct slice bytes);

/* Of those that are being read; NULL: there is none. */
const struct http2_stream *http2_stream_oldest(const struct http2_streams *all);

struct slice http2_text(nghttp2_rcbuf *text); /* NULL: empty */

#endif
