/* codec/http2_stream.c - one request as it comes in.
 *
 * Called by: http2.c. Owns: its fields and its body; streams that wait to be used again.
 */
#include "codec/http2_stream.h"

#include <stdlib.h>

#define FIELDS_MAX 64    /* header fields of one request */
#define BODY_MAX   65535 /* a DNS message */
#define SPARE_MAX  16    /* streams that are kept to be used again */

struct http2_stream *http2_stream_take(struct http2_streams *all, int32_t id)
{
    struct list *node = list_first(&all->spare);
    struct http2_stream *s = node ? LIST_OF(node, struct http2_stream, link) : calloc(1, sizeof *s);

    if (!s)
        return NULL;
    if (node) {
        list_remove(node);
        all->spare_count--;
    }
    s->id = id;
    list_append(&all->open, &s->link);
    all->reading++;
    return s;
}

static void drop_fields(struct http2_stream *s)
{
    nghttp2_rcbuf **fields[] = { &s->target, &s->content_type, &s->accept };

    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (*fields[i])
            nghttp2_rcbuf_decref(*fields[i]);
        *fields[i] = NULL;
    }
    buffer_done(&s->forwarded);
    buffer_done(&s->x_forwarded_for);
}

static void free_stream(struct http2_stream *s)
{
    drop_fields(s);
    buffer_done(&s->body);
    free(s);
}

void http2_stream_give(struct http2_streams *all, struct http2_stream *s)
{
    struct buffer body = s->body;

    list_remove(&s->link);
    if (s->stage == READING)
        all->reading--;
    if (s->stage == ANSWERED)
        all->waiting -= s->body.len;
    else
        all->held -= s->body.len;
    all->held -= s->head_len;
    drop_fields(s);
    if (all->spare_count >= SPARE_MAX) {
        free_stream(s);
        return;
    }
    buffer_consume(&body, body.len, HTTP2_BODY_KEPT);
    *s = (struct http2_stream){ .body = body };
    list_append(&all->spare, &s->link);
    all->spare_count++;
}

struct slice http2_text(nghttp2_rcbuf *text)
{
    nghttp2_vec vec;

    if (!text)
        return (struct slice){ 0 };
    vec = nghttp2_rcbuf_get_buf(text);
    return slice_of(vec.base, vec.len);
}

static bool equals(struct slice a, const char *b, size_t len)
{
    return a.len == len && memcmp(a.data, b, len) == 0;
}

static enum http_verb verb_of(struct slice method)
{
    if (equals(method, "GET", 3))
        return VERB_GET;
    if (equals(method, "POST", 4))
        return VERB_POST;
    return equals(method, "HEAD", 4) ? VERB_HEAD : VERB_OTHER;
}

static void keep(nghttp2_rcbuf **field, nghttp2_rcbuf *value)
{
    if (*field)
        return;
    nghttp2_rcbuf_incref(value);
    *field = value;
}

static bool join(struct buffer *field, struct slice value)
{
    return (field->len == 0 || buffer_append(field, slice_of(", ", 2)) == OK) &&
           buffer_append(field, value) == OK;
}

/* Their lengths tell most of them apart. */
static bool take_field(struct http2_stream *s, struct slice name, nghttp2_rcbuf *value)
{
    switch (name.len) {
    case 5:
        if (equals(name, ":path", 5))
            keep(&s->target, value);
        break;
    case 6:
        if (equals(name, "accept", 6))
            keep(&s->accept, value);
        break;
    case 7:
        if (equals(name, ":method", 7))
            s->verb = verb_of(http2_text(value));
        break;
    case 9:
        if (equals(name, "forwarded", 9))
            return join(&s->forwarded, http2_text(value));
        break;
    case 12:
        if (equals(name, "content-type", 12))
            keep(&s->content_type, value);
        break;
    case 15:
        if (equals(name, "x-forwarded-for", 15))
            return join(&s->x_forwarded_for, http2_text(value));
        break;
    default:
        break;
    }
    return true;
}

bool http2_stream_read_field(struct http2_streams *all, struct http2_stream *s, struct slice name,
                             nghttp2_rcbuf *value)
{
    size_t len = name.len + http2_text(value).len;

    if (++s->field_count > FIELDS_MAX || s->head_len + len > HTTP2_HEAD_MAX)
        s->fault = 431;
    if (s->fault)
        return true;
    s->head_len += len;
    all->held += len;
    return take_field(s, name, value);
}

bool http2_stream_read_body(struct http2_streams *all, struct http2_stream *s, struct slice bytes)
{
    if (s->body.len + bytes.len > BODY_MAX) {
        s->fault = 413;
        return true;
    }
    if (buffer_append(&s->body, bytes) != OK)
        return false;
    all->held += bytes.len;
    return true;
}

const struct http2_stream *http2_stream_oldest(const struct http2_streams *all)
{
    if (all->reading == 0)
        return NULL;
    list_for_each (node, &all->open) {
        const struct http2_stream *s = LIST_OF(node, struct http2_stream, link);

        if (s->stage == READING)
            return s;
    }
    return NULL;
}

void http2_streams_init(struct http2_streams *all)
{
    *all = (struct http2_streams){ 0 };
    list_init(&all->open);
    list_init(&all->spare);
}

static void free_list(struct list *streams)
{
    list_for_each (node, streams)
        free_stream(LIST_OF(node, struct http2_stream, link));
}

void http2_streams_done(struct http2_streams *all)
{
    free_list(&all->open);
    free_list(&all->spare);
}
