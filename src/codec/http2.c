/* codec/http2.c - the server's side of HTTP/2 (RFC 9113), with bounds on what a client may cost.
 *
 * nghttp2 does the framing. Called by: listen/talk_http.c by the vtable. Owns: the requests that
 * are read or answered.
 */
#include "codec/http.h"

#include "codec/http2_fields.h"
#include "codec/http2_guard.h"
#include "codec/http2_stream.h"

#include <nghttp2/nghttp2.h>
#include <stdlib.h>

#define STREAMS_MAX 128     /* requests at once */
#define WAITING_MAX 1048576 /* bytes of responses that the client's window does not let through */
#define TABLE_SIZE  4096    /* RFC 7541 section 4.2: what both sides remember of header fields */
#define ACKS_MAX    128     /* of SETTINGS and PING, that wait to be sent */
#define RESETS_MAX  (1u << 30)

struct connection {
    struct http http;
    nghttp2_session *session;
    struct http2_streams streams;
    struct http2_guard guard;
    int32_t last_stream;
    bool has_said_all; /* the last frame ended a response */
    bool is_broken;    /* nothing can be said any more */
    bool starved;
};

static void end_if_abused(struct connection *c)
{
    if (c->guard.abuse != HTTP_ABUSE_NONE && !c->guard.is_told) {
        c->guard.is_told = true;
        nghttp2_session_terminate_session(c->session, http2_guard_code(&c->guard));
    }
}

static struct http2_stream *stream_of(struct connection *c, int32_t id)
{
    return nghttp2_session_get_stream_user_data(c->session, id);
}

static int begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
    struct connection *c = arg;
    struct http2_stream *s;

    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
        return 0;
    s = http2_stream_take(&c->streams, frame->hd.stream_id);
    if (!s)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    nghttp2_session_set_stream_user_data(session, s->id, s);
    return 0;
}

static int header(nghttp2_session *session, const nghttp2_frame *frame, nghttp2_rcbuf *name,
                  nghttp2_rcbuf *value, uint8_t flags, void *arg)
{
    struct connection *c = arg;
    struct http2_stream *s = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    size_t len = http2_text(name).len + http2_text(value).len;

    (void)flags;
    if (!http2_guard_field(&c->guard, len))
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    /* Fields behind the body say nothing of it: a proxy that tells us the client passes them on as
     * they come (RFC 9110 section 6.5.1). */
    if (!s || s->stage != READING || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
        return 0;
    return http2_stream_read_field(&c->streams, s, http2_text(name), value)
               ? 0
               : NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

static int data_chunk(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *bytes,
                      size_t len, void *arg)
{
    struct connection *c = arg;
    struct http2_stream *s = nghttp2_session_get_stream_user_data(session, id);

    (void)flags;
    if (!s || s->stage != READING || s->fault)
        return 0;
    return http2_stream_read_body(&c->streams, s, slice_of(bytes, len))
               ? 0
               : NGHTTP2_ERR_CALLBACK_FAILURE;
}

static void hand_on(struct connection *c, struct http2_stream *s)
{
    const struct http_request request = {
        .stream = (uint32_t)s->id,
        .fault = s->fault,
        .verb = s->verb,
        .target = http2_text(s->target),
        .content_type = http2_text(s->content_type),
        .accept = http2_text(s->accept),
        .forwarded = buffer_slice(&s->forwarded),
        .x_forwarded_for = buffer_slice(&s->x_forwarded_for),
        .body = buffer_slice(&s->body),
    };

    s->stage = ASKED;
    c->streams.reading--;
    c->http.handler->requested(c->http.arg, &request);
}

static int frame_begins(nghttp2_session *session, const nghttp2_frame_hd *hd, void *arg)
{
    struct connection *c = arg;

    (void)session;
    http2_guard_frame(&c->guard, hd, hd->stream_id > c->last_stream);
    if (hd->type == NGHTTP2_HEADERS && hd->stream_id > c->last_stream)
        c->last_stream = hd->stream_id;
    return 0;
}

static int frame_received(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
    struct connection *c = arg;
    struct http2_stream *s;

    if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA)
        return 0;
    if (!(frame->hd.flags & NGHTTP2_FLAG_END_STREAM)) {
        if (frame->hd.type == NGHTTP2_DATA && frame->hd.length > 0 &&
            frame->hd.length == frame->data.padlen)
            http2_guard_padding(&c->guard);
        return 0;
    }
    s = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    if (s && s->stage == READING)
        hand_on(c, s);
    return 0;
}

static int frame_sent(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
    struct connection *c = arg;

    (void)session;
    c->has_said_all = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) &&
                      (frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS);
    if (frame->hd.type == NGHTTP2_RST_STREAM)
        http2_guard_reset(&c->guard);
    if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.error_code != NGHTTP2_NO_ERROR)
        http2_guard_refused(&c->guard);
    return 0;
}

static int stream_closed(nghttp2_session *session, int32_t id, uint32_t code, void *arg)
{
    struct connection *c = arg;
    struct http2_stream *s = nghttp2_session_get_stream_user_data(session, id);
    bool is_asked;

    (void)code;
    if (!s)
        return 0;
    is_asked = s->stage == ASKED;
    if (s->stage == ANSWERED && s->body.len == 0)
        http2_guard_completed(&c->guard);
    else
        http2_guard_cancelled(&c->guard);
    http2_stream_give(&c->streams, s);
    if (is_asked)
        c->http.handler->cancelled(c->http.arg, (uint32_t)id);
    return 0;
}

static ssize_t read_body(nghttp2_session *session, int32_t id, uint8_t *room, size_t size,
                         uint32_t *flags, nghttp2_data_source *source, void *arg)
{
    struct connection *c = arg;
    struct http2_stream *s = source->ptr;
    struct slice body = buffer_slice(&s->body);
    size_t len = body.len < size ? body.len : size;

    (void)session, (void)id;
    memcpy(room, body.data, len);
    buffer_consume(&s->body, len, HTTP2_BODY_KEPT);
    c->streams.waiting -= len;
    if (s->body.len == 0)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)len;
}

static bool has_body(const struct http2_stream *s, const struct http_response *response)
{
    return s->verb != VERB_HEAD && response->body.len > 0;
}

static void submit(struct connection *c, struct http2_stream *s,
                   const struct http_response *response)
{
    const nghttp2_data_provider provider = { .source.ptr = s, .read_callback = read_body };
    struct http2_fields fields;

    http2_fields_write(&fields, response);
    if (nghttp2_submit_response(c->session, s->id, fields.list, fields.count,
                                has_body(s, response) ? &provider : NULL) != 0)
        c->starved = true;
}

static void respond(struct http *h, uint32_t id, const struct http_response *response)
{
    struct connection *c = (struct connection *)h;
    struct http2_stream *s = stream_of(c, (int32_t)id);

    if (!s || s->stage != ASKED)
        return;
    c->streams.held -= s->body.len;
    buffer_consume(&s->body, s->body.len, HTTP2_BODY_KEPT);
    if (has_body(s, response) && buffer_append(&s->body, response->body) != OK) {
        c->starved = true;
        return;
    }
    s->stage = ANSWERED;
    c->streams.waiting += s->body.len;
    submit(c, s, response);
}

static void feed(struct http *h, struct slice bytes)
{
    struct connection *c = (struct connection *)h;
    ssize_t ret;

    if (c->is_broken || c->guard.is_told)
        return;
    ret = nghttp2_session_mem_recv(c->session, bytes.data, bytes.len);
    if (ret == NGHTTP2_ERR_NOMEM)
        c->starved = true;
    else if (ret == NGHTTP2_ERR_FLOODED)
        http2_guard_flooded(&c->guard);
    else if (ret < 0)
        http2_guard_refused(&c->guard);
    end_if_abused(c);
}

/* What waits now waits for the client's window, and for nothing else. */
static bool waits_for_too_much(struct connection *c)
{
    if (c->guard.is_told || c->streams.waiting <= WAITING_MAX)
        return false;
    http2_guard_stuck(&c->guard);
    return true;
}

static err_t write_out(struct http *h, struct buffer *out, size_t max)
{
    struct connection *c = (struct connection *)h;

    c->has_said_all = false;
    while (!c->is_broken && !c->starved && !c->has_said_all && out->len < max) {
        const uint8_t *bytes;
        ssize_t len = nghttp2_session_mem_send(c->session, &bytes);

        if (len == 0 && !waits_for_too_much(c))
            break;
        if (len < 0)
            c->is_broken = true;
        else if (buffer_append(out, slice_of(bytes, (size_t)len)) != OK)
            c->starved = true;
        end_if_abused(c);
    }
    return c->starved ? ERR_NOMEM : OK;
}

static void shut(struct http *h)
{
    struct connection *c = (struct connection *)h;

    nghttp2_submit_goaway(c->session, NGHTTP2_FLAG_NONE,
                          nghttp2_session_get_last_proc_stream_id(c->session), NGHTTP2_NO_ERROR,
                          NULL, 0);
}

/* The number of requests is limited by SETTINGS; to wait for anything else here would be to wait
 * for a window that the client opens in what would not be read. */
static bool wants_input(const struct http *h)
{
    (void)h;
    return true;
}

static uint32_t partial(const struct http *h)
{
    const struct http2_stream *s = http2_stream_oldest(&((const struct connection *)h)->streams);

    return s ? (uint32_t)s->id : 0;
}

static bool is_over(const struct http *h)
{
    const struct connection *c = (const struct connection *)h;

    return c->is_broken ||
           (!nghttp2_session_want_read(c->session) && !nghttp2_session_want_write(c->session));
}

static size_t unsaid(const struct http *h)
{
    return ((const struct connection *)h)->streams.waiting;
}

static size_t held(const struct http *h)
{
    const struct connection *c = (const struct connection *)h;

    return sizeof *c + c->streams.held + c->streams.waiting;
}

static enum http_abuse abuse(const struct http *h)
{
    return ((const struct connection *)h)->guard.abuse;
}

static int make_session(struct connection *c, nghttp2_session_callbacks *callbacks,
                        nghttp2_option *option)
{
    const nghttp2_settings_entry settings[] = {
        { NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, STREAMS_MAX },
        { NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, HTTP2_HEAD_MAX },
    };

    nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, frame_begins);
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, begin_headers);
    nghttp2_session_callbacks_set_on_header_callback2(callbacks, header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, data_chunk);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, frame_received);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, frame_sent);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, stream_closed);
    nghttp2_option_set_no_closed_streams(option, 1);
    nghttp2_option_set_max_outbound_ack(option, ACKS_MAX);
    /* the guard counts resets, and knows which are paid for */
    nghttp2_option_set_stream_reset_rate_limit(option, RESETS_MAX, RESETS_MAX);
    nghttp2_option_set_max_deflate_dynamic_table_size(option, TABLE_SIZE);
    if (nghttp2_session_server_new2(&c->session, callbacks, c, option) != 0)
        return -1;
    return nghttp2_submit_settings(c->session, NGHTTP2_FLAG_NONE, settings,
                                   sizeof settings / sizeof *settings);
}

static void free_connection(struct http *h)
{
    struct connection *c = (struct connection *)h;

    http2_streams_done(&c->streams);
    nghttp2_session_del(c->session);
    free(c);
}

static err_t open_connection(struct http **ret_http, const struct http_handler *handler, void *arg)
{
    struct connection *c = calloc(1, sizeof *c);
    nghttp2_session_callbacks *callbacks = NULL;
    nghttp2_option *option = NULL;
    int ret = -1;

    if (!c)
        return ERR_NOMEM;
    c->http = (struct http){ &http2, handler, arg };
    http2_streams_init(&c->streams);
    if (nghttp2_session_callbacks_new(&callbacks) == 0 && nghttp2_option_new(&option) == 0)
        ret = make_session(c, callbacks, option);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_option_del(option);
    if (ret != 0) {
        free_connection(&c->http);
        return ERR_NOMEM;
    }
    *ret_http = &c->http;
    return OK;
}

const struct http_ops http2 = {
    .alpn = "h2",
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
