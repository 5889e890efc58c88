/* codec/http1.c - the server's side of HTTP/1.1 and 1.0 (RFC 9112).
 *
 * http_parser cuts the requests out; one at a time is answered, and what the client sends ahead
 * waits. Called by: listen/talk_http.c by the vtable. Owns: the request that is read or answered,
 * input that waits, output.
 */
#include "codec/http.h"

#include "codec/http1_head.h"
#include "codec/http1_lines.h"

#include <ctype.h>
#include <http_parser.h>
#include <stdlib.h>
#include <strings.h>

#define FIELDS_MAX  64    /* header fields of one request */
#define HEAD_MAX    16384 /* bytes of its target and fields */
#define BODY_MAX    65535 /* a DNS message */
#define PENDING_MAX 131072
#define NAME_SIZE   32 /* the longest field name that matters, and one more */

/* The fields that matter, and where they go. */
enum field {
    FIELD_CONTENT_TYPE,
    FIELD_ACCEPT,
    FIELD_FORWARDED,
    FIELD_X_FORWARDED_FOR,
    FIELD_HOST,
    FIELD_EXPECT,
    FIELD_TRANSFER_ENCODING,
    FIELD_COUNT,
    FIELD_OTHER = FIELD_COUNT,
};

static const char *const names[FIELD_COUNT] = {
    [FIELD_CONTENT_TYPE] = "content-type",
    [FIELD_ACCEPT] = "accept",
    [FIELD_FORWARDED] = "forwarded",
    [FIELD_X_FORWARDED_FOR] = "x-forwarded-for",
    [FIELD_HOST] = "host",
    [FIELD_EXPECT] = "expect",
    [FIELD_TRANSFER_ENCODING] = "transfer-encoding",
};

struct request {
    struct buffer target, body, fields[FIELD_COUNT];
    unsigned seen[FIELD_COUNT]; /* how often */
    char name[NAME_SIZE];       /* of the field that is read */
    size_t name_len;
    enum field field;
    bool in_value, is_head_read;
    unsigned field_count;
    size_t head_len;
    unsigned fault;
};

struct connection {
    struct http http;
    http_parser parser;
    struct http1_lines lines;
    struct request *request; /* NULL between requests */
    struct buffer pending;   /* sent ahead */
    struct buffer out;
    uint32_t stream; /* of the request that is answered */
    bool is_busy;    /* it has no response yet */
    bool is_feeding;
    bool closes; /* no request is taken any more */
    bool starved;
};

static struct connection *connection_of(http_parser *parser)
{
    return parser->data;
}

static void forget_request(struct connection *c)
{
    struct request *r = c->request;

    c->request = NULL;
    if (!r)
        return;
    buffer_done(&r->target);
    buffer_done(&r->body);
    for (size_t i = 0; i < FIELD_COUNT; i++)
        buffer_done(&r->fields[i]);
    free(r);
}

static struct request *begin_request(struct connection *c)
{
    c->request = calloc(1, sizeof *c->request);
    c->starved = !c->request;
    return c->request;
}

static int begin(http_parser *parser)
{
    return begin_request(connection_of(parser)) ? 0 : -1;
}

/* Parsing stops with an error that is ours: a fault, or no memory. */
static int add(struct connection *c, struct buffer *to, const char *bytes, size_t len)
{
    struct request *r = c->request;

    r->head_len += len;
    if (r->head_len > HEAD_MAX && !r->fault)
        r->fault = to == &r->target ? 414 : 431;
    if (r->fault)
        return 1;
    if (to && buffer_append(to, slice_of(bytes, len)) != OK)
        c->starved = true;
    return c->starved;
}

static int target(http_parser *parser, const char *bytes, size_t len)
{
    struct connection *c = connection_of(parser);

    return add(c, &c->request->target, bytes, len);
}

/* RFC 9110 section 5.6.2; the parser lets spaces through. */
static bool is_token(const char *bytes, size_t len)
{
    static const char also[] = "!#$%&'*+-.^_`|~";

    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)bytes[i]) && !memchr(also, bytes[i], sizeof also - 1))
            return false;
    return true;
}

static int field_name(http_parser *parser, const char *bytes, size_t len)
{
    struct connection *c = connection_of(parser);
    struct request *r = c->request;

    if (r->in_value || r->field_count == 0) {
        r->in_value = false;
        r->name_len = 0;
        r->field_count++;
    }
    if (!is_token(bytes, len))
        r->fault = 400;
    if (r->field_count > FIELDS_MAX)
        r->fault = 431;
    for (size_t i = 0; i < len && r->name_len < NAME_SIZE; i++)
        r->name[r->name_len++] = bytes[i];
    return add(c, NULL, bytes, len);
}

/* What stands behind the body says nothing of it: a proxy that tells us the client passes it on as
 * it comes (RFC 9110 section 6.5.1).
 */
static enum field field_of(const struct request *r)
{
    if (r->is_head_read)
        return FIELD_OTHER;
    for (unsigned i = 0; i < FIELD_COUNT; i++)
        if (strlen(names[i]) == r->name_len && strncasecmp(names[i], r->name, r->name_len) == 0)
            return (enum field)i;
    return FIELD_OTHER;
}

static int field_value(http_parser *parser, const char *bytes, size_t len)
{
    struct connection *c = connection_of(parser);
    struct request *r = c->request;

    if (!r->in_value) {
        r->in_value = true;
        r->field = field_of(r);
        if (r->field != FIELD_OTHER && r->seen[r->field]++ > 0 &&
            add(c, &r->fields[r->field], ", ", 2) != 0)
            return 1;
    }
    return add(c, r->field == FIELD_OTHER ? NULL : &r->fields[r->field], bytes, len);
}

static bool says(const struct request *r, enum field field, const char *text)
{
    struct slice value = buffer_slice(&r->fields[field]);

    while (value.len > 0 && isblank(value.data[value.len - 1]))
        value.len--;
    return value.len == strlen(text) && strncasecmp((const char *)value.data, text, value.len) == 0;
}

/* RFC 9112 sections 3.2, one Host, and 6.1: chunks are the one coding, and HTTP/1.0 has none. */
static bool is_clear(const http_parser *parser, const struct request *r, bool is_chunked)
{
    bool is_one = parser->http_minor > 0;

    if (parser->http_major != 1 || r->seen[FIELD_HOST] > 1 || (is_one && !r->seen[FIELD_HOST]))
        return false;
    if (!r->seen[FIELD_TRANSFER_ENCODING])
        return !is_chunked;
    return is_chunked && is_one && says(r, FIELD_TRANSFER_ENCODING, "chunked");
}

static int head_complete(http_parser *parser)
{
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    struct connection *c = connection_of(parser);
    struct request *r = c->request;
    bool is_chunked = parser->flags & F_CHUNKED;
    uint64_t length = parser->content_length != UINT64_MAX ? parser->content_length : 0;

    r->is_head_read = true;
    parser->upgrade = 0; /* there is nothing to upgrade to: the request is answered as it is */
    if (!is_clear(parser, r, is_chunked))
        r->fault = 400;
    else if (length > BODY_MAX && !is_chunked)
        r->fault = 413;
    if (r->fault)
        return -1;
    http1_lines_body(&c->lines, is_chunked, length);
    if (says(r, FIELD_EXPECT, "100-continue") && parser->http_minor > 0 &&
        buffer_append(&c->out, slice_of(go_on, sizeof go_on - 1)) != OK)
        c->starved = true;
    return c->starved ? -1 : 0;
}

static int chunk(http_parser *parser)
{
    http1_lines_chunk(&connection_of(parser)->lines, parser->content_length);
    return 0;
}

static int body(http_parser *parser, const char *bytes, size_t len)
{
    struct connection *c = connection_of(parser);
    struct request *r = c->request;

    if (r->body.len + len > BODY_MAX)
        r->fault = 413;
    else if (buffer_append(&r->body, slice_of(bytes, len)) != OK)
        c->starved = true;
    return r->fault || c->starved;
}

static enum http_verb verb_of(const struct connection *c)
{
    if (c->request->target.len == 0) /* the parser's is that of the request before */
        return VERB_OTHER;
    switch (c->parser.method) {
    case HTTP_GET:
        return VERB_GET;
    case HTTP_HEAD:
        return VERB_HEAD;
    case HTTP_POST:
        return VERB_POST;
    default:
        return VERB_OTHER;
    }
}

/* RFC 9112 section 3.2.2: who takes us for a proxy says the whole URL. */
static struct slice path_of(struct slice target)
{
    struct http_parser_url url;

    http_parser_url_init(&url);
    if (target.len == 0 || target.data[0] == '/' ||
        http_parser_parse_url((const char *)target.data, target.len, 0, &url) != 0 ||
        !(url.field_set & 1 << UF_PATH))
        return target;
    return slice_after(target, url.field_data[UF_PATH].off);
}

static void hand_on(struct connection *c)
{
    const struct request *r = c->request;
    const struct http_request request = {
        .stream = ++c->stream,
        .fault = r->fault,
        .verb = verb_of(c),
        .target = path_of(buffer_slice(&r->target)),
        .content_type = buffer_slice(&r->fields[FIELD_CONTENT_TYPE]),
        .accept = buffer_slice(&r->fields[FIELD_ACCEPT]),
        .forwarded = buffer_slice(&r->fields[FIELD_FORWARDED]),
        .x_forwarded_for = buffer_slice(&r->fields[FIELD_X_FORWARDED_FOR]),
        .body = buffer_slice(&r->body),
    };

    c->is_busy = true;
    c->http.handler->requested(c->http.arg, &request);
}

static int complete(http_parser *parser)
{
    struct connection *c = connection_of(parser);

    if (!http_should_keep_alive(parser) || parser->http_minor == 0)
        c->closes = true;
    http_parser_pause(parser, 1);
    return 0;
}

/* What cannot be understood is refused, and nothing behind it is believed. */
static void refuse_rest(struct connection *c)
{
    struct request *r = c->request ? c->request : begin_request(c);

    c->closes = true;
    if (!r)
        return;
    if (!r->fault)
        r->fault = 400;
    hand_on(c);
}

/* Reads a part of one request; how many bytes it took. */
static size_t parse(struct connection *c, struct slice bytes)
{
    static const http_parser_settings settings = {
        .on_message_begin = begin,
        .on_url = target,
        .on_header_field = field_name,
        .on_header_value = field_value,
        .on_headers_complete = head_complete,
        .on_chunk_header = chunk,
        .on_body = body,
        .on_message_complete = complete,
    };
    struct slice piece;

    if (!http1_lines_next(&c->lines, bytes, &piece)) {
        refuse_rest(c);
        return 0;
    }
    http_parser_execute(&c->parser, &settings, (const char *)piece.data, piece.len);
    if (c->starved) {
        c->closes = true;
    } else if (HTTP_PARSER_ERRNO(&c->parser) == HPE_PAUSED) {
        http_parser_pause(&c->parser, 0);
        c->lines = (struct http1_lines){ 0 };
        hand_on(c);
    } else if (HTTP_PARSER_ERRNO(&c->parser) != HPE_OK) {
        refuse_rest(c);
    }
    return piece.len;
}

static struct slice parse_all(struct connection *c, struct slice bytes)
{
    c->is_feeding = true;
    while (bytes.len > 0 && !c->is_busy && !c->closes)
        bytes = slice_after(bytes, parse(c, bytes));
    c->is_feeding = false;
    return c->closes ? (struct slice){ 0 } : bytes;
}

static void feed(struct http *h, struct slice bytes)
{
    struct connection *c = (struct connection *)h;

    if (c->closes)
        return;
    if (c->pending.len == 0)
        bytes = parse_all(c, bytes);
    if (bytes.len > PENDING_MAX - c->pending.len || buffer_append(&c->pending, bytes) != OK)
        c->closes = true;
}

/* The responses to what waits may come at once: this is a loop, not a recursion. */
static void go_on(struct connection *c)
{
    struct slice pending = buffer_slice(&c->pending), left;

    if (c->is_feeding || pending.len == 0)
        return;
    left = parse_all(c, pending);
    buffer_consume(&c->pending, pending.len - left.len, 0);
}

static void respond(struct http *h, uint32_t stream, const struct http_response *response)
{
    struct connection *c = (struct connection *)h;
    char head[HTTP1_HEAD_MAX];
    size_t len;

    if (!c->is_busy || stream != c->stream)
        return;
    len = http1_head_write(head, response, c->closes);
    if (buffer_append(&c->out, slice_of(head, len)) != OK ||
        (verb_of(c) != VERB_HEAD && buffer_append(&c->out, response->body) != OK))
        c->starved = c->closes = true;
    c->is_busy = false;
    forget_request(c);
    go_on(c);
}

static err_t write_out(struct http *h, struct buffer *out, size_t max)
{
    struct connection *c = (struct connection *)h;
    struct slice ready = buffer_slice(&c->out);

    if (c->starved)
        return ERR_NOMEM;
    if (ready.len == 0 || out->len >= max)
        return OK;
    TRY(buffer_append(out, ready));
    buffer_consume(&c->out, ready.len, 0);
    return OK;
}

static void shut(struct http *h)
{
    ((struct connection *)h)->closes = true;
}

static bool wants_input(const struct http *h)
{
    const struct connection *c = (const struct connection *)h;

    return !c->is_busy && c->pending.len == 0;
}

static uint32_t partial(const struct http *h)
{
    const struct connection *c = (const struct connection *)h;

    return c->request && !c->is_busy ? c->stream + 1 : 0;
}

static bool is_over(const struct http *h)
{
    const struct connection *c = (const struct connection *)h;

    return c->closes && !c->is_busy && c->out.len == 0;
}

static size_t unsaid(const struct http *h)
{
    (void)h;
    return 0;
}

static size_t held(const struct http *h)
{
    const struct connection *c = (const struct connection *)h;
    const struct request *r = c->request;
    size_t size = sizeof *c + c->pending.size + c->out.size;

    if (!r)
        return size;
    size += sizeof *r + r->target.size + r->body.size;
    for (size_t i = 0; i < FIELD_COUNT; i++)
        size += r->fields[i].size;
    return size;
}

static enum http_abuse abuse(const struct http *h)
{
    (void)h;
    return HTTP_ABUSE_NONE;
}

static err_t open_connection(struct http **ret_http, const struct http_handler *handler, void *arg)
{
    struct connection *c = calloc(1, sizeof *c);

    if (!c)
        return ERR_NOMEM;
    c->http = (struct http){ &http1, handler, arg };
    http_parser_init(&c->parser, HTTP_REQUEST);
    c->parser.data = c;
    *ret_http = &c->http;
    return OK;
}

static void free_connection(struct http *h)
{
    struct connection *c = (struct connection *)h;

    forget_request(c);
    buffer_done(&c->pending);
    buffer_done(&c->out);
    free(c);
}

const struct http_ops http1 = {
    .alpn = "http/1.1",
    .open = open_connection,
    .free = free_connection,
    .feed = feed,
    .respond = respond,
    .write = write_out,
    .shut = shut,
    .wants_input = wants_input,
    .partial = partial,
    .is_over = is_over,
    .unsaid = unsaid,
    .held = held,
    .abuse = abuse,
};
