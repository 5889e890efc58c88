#ifndef CODEC_HTTP_H
#define CODEC_HTTP_H

#include "base/buffer.h"
#include "base/err.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

/* A server's side of one HTTP connection, without a socket: bytes in, whole requests out, responses
 * in, bytes out. http1.c and http2.c are the two kinds. */
struct http;

enum http_verb { VERB_OTHER, VERB_GET, VERB_HEAD, VERB_POST };

/* All is borrowed until the callee returns. A field that was not sent is empty. */
struct http_request {
    uint32_t stream; /* names the request in its connection, and goes back with the response */
    unsigned fault;  /* the status with which it has to be refused (400, 413, 431...); 0: whole */
    enum http_verb verb; /* the method; RFC 9110 section 9 */
    struct slice target; /* path and query, as sent */
    struct slice content_type, accept;
    struct slice forwarded, x_forwarded_for; /* several fields of one name are joined by ", " */
    struct slice body;
};

struct http_response {
    unsigned status;
    const char *content_type; /* NULL: none */
    const char *allow;        /* NULL: none; the methods, with 405 */
    const char *date;         /* NULL: none */
    bool has_max_age;
    uint32_t max_age_s; /* cache-control */
    struct slice body;  /* not sent in response to HEAD, but counted in content-length */
};

/* What a client does to wear a server down. The connection is over then, and what is said to it
 * (GOAWAY, a last response) lies in the output. */
enum http_abuse {
    HTTP_ABUSE_NONE,
#define ABUSE(name, code, text) HTTP_ABUSE_##name,
#include "codec/http_abuse.def"
#undef ABUSE
    HTTP_ABUSE_COUNT
};

struct http_handler {
    /* Each request once, http_respond for it may be called at once. */
    void (*requested)(void *arg, const struct http_request *request);
    /* The client wants no response to this request any more; there must be none then. */
    void (*cancelled)(void *arg, uint32_t stream);
};

/* One kind of HTTP. */
struct http_ops {
    const char *alpn; /* RFC 7301: "h2" */
    err_t (*open)(struct http **ret_http, const struct http_handler *handler, void *arg);
    void (*free)(struct http *h);
    void (*feed)(struct http *h, struct slice bytes);
    void (*respond)(struct http *h, uint32_t stream, const struct http_response *response);
    err_t (*write)(struct http *h, struct buffer *out, size_t max);
    void (*shut)(struct http *h);
    bool (*wants_input)(const struct http *h);
    uint32_t (*partial)(const struct http *h);
    bool (*is_over)(const struct http *h);
    size_t (*unsaid)(const struct http *h);
    size_t (*held)(const struct http *h);
    enum http_abuse (*abuse)(const struct http *h);
};

extern const struct http_ops http1, http2;

/* Each kind's struct begins with it. */
struct http {
    const struct http_ops *ops;
    const struct http_handler *handler;
    void *arg;
};

/* A connection of this kind; ERR_NOMEM. Freeing it calls nobody back. */
static inline err_t http_open(struct http **ret_http, const struct http_ops *ops,
                              const struct http_handler *handler, void *arg)
{
    return ops->open(ret_http, handler, arg);
}

static inline void http_free(struct http **h)
{
    if (*h)
        (*h)->ops->free(*h);
    *h = NULL;
}

/* Takes all of `bytes`; calls the handler for each request that is whole. */
static inline void http_feed(struct http *h, struct slice bytes)
{
    h->ops->feed(h, bytes);
}

/* Answers a request, once; the body is copied. Nothing happens when `stream` has been cancelled. */
static inline void http_respond(struct http *h, uint32_t stream,
                                const struct http_response *response)
{
    h->ops->respond(h, stream, response);
}

/* Appends to `out` what is ready to be sent, until a response is complete or `out` holds `max`
 * bytes or a little more: to be called until it appends nothing, after http_feed, http_respond and
 * http_shut, once for many. ERR_NOMEM: the connection cannot go on. */
static inline err_t http_write(struct http *h, struct buffer *out, size_t max)
{
    return h->ops->write(h, out, max);
}

/* No new requests are taken; those that are being answered still are. */
static inline void http_shut(struct http *h)
{
    h->ops->shut(h);
}

/* False while so much waits to be answered or sent that the client has to wait too. */
static inline bool http_wants_input(const struct http *h)
{
    return h->ops->wants_input(h);
}

/* The stream of the oldest request of which a part has come and the rest has not; 0: there is none.
 */
static inline uint32_t http_partial(const struct http *h)
{
    return h->ops->partial(h);
}

/* Nothing will be requested any more, and all that was said lies in the output: the connection can
 * be closed when that is sent. */
static inline bool http_is_over(const struct http *h)
{
    return h->ops->is_over(h);
}

/* Bytes of responses that http_write does not write, because the client has no room for them. */
static inline size_t http_unsaid(const struct http *h)
{
    return h->ops->unsaid(h);
}

/* Bytes of memory held for requests and responses, for budgets. */
static inline size_t http_held(const struct http *h)
{
    return h->ops->held(h);
}

static inline enum http_abuse http_abuse(const struct http *h)
{
    return h->ops->abuse(h);
}

#endif
