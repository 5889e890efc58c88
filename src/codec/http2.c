/* codec/http2.c - the server's side of HTTP/2 (RFC 9113), with bounds on what a client may cost.
 *
 * nghttp2 does the framing. Called by: listen/talk_http.c by the vtable. Owns: the requests that
 * are read or answered.
 */
#include "codec/http.h"

#include "base/list.h"
#include "codec/http2_guard.h"

#include <nghttp2/nghttp2.h>
#include <stdlib.h>

#define STREAMS_MAX    128     /* requests at once */
#define FIELDS_MAX     64      /* header fields of one request */
#define HEAD_MAX       16384   /* bytes of them */
#define BODY_MAX       65535   /* a DNS message */
#define WAITING_MAX    1048576 /* bytes of responses that the client's window does not let through */
#define KEEP_SIZE      1024    /* room for a body that a stream keeps when it is used again */
#define SPARE_MAX      16      /* streams that are kept to be used again */
#define TABLE_SIZE     4096    /* RFC 7541 section 4.2: what both sides remember of header fields */
#define ACKS_MAX       128     /* of SETTINGS and PING, that wait to be sent */
#define STATUS_LEN     3
#define MAX_AGE_PREFIX "max-age="
#define NUMBER_MAX     24

enum stage { READING, ASKED, ANSWERED };

struct stream {
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

struct connection {
    struct http http;
    nghttp2_session *session;
    struct list streams, spare;
    unsigned spare_count, reading;
    size_t held;    /* bytes of bodies and fields */
    size_t waiting; /* bytes of responses that are not sent */
    struct http2_guard guard;
    bool has_said_all; /* the last frame ended a response */
    bool is_broken;    /* nothing can be said any more */
    bool starved;
};

/* The static strings outlive every frame. */
#define NV(name_text, bytes, size, also)                                                           \
    (nghttp2_nv)                                                                                   \
    {                                                                                              \
        (uint8_t *)(uintptr_t)(name_text), (uint8_t *)(uintptr_t)(bytes), sizeof(name_text) - 1,   \
            size, (uint8_t)(NGHTTP2_NV_FLAG_NO_COPY_NAME | (also))                                 \
    }

static void end_if_abused(struct connection *c)
{
    if (c->guard.abuse != HTTP_ABUSE_NONE && !c->guard.is_told) {
        c->guard.is_told = true;
        nghttp2_session_terminate_session(c->session, http2_guard_code(&c->guard));
    }
}

static struct stream *take_stream(struct connection *c, int32_t id)
{
    struct list *node = list_first(&c->spare);
    struct stream *s = node ? LIST_OF(node, struct stream, link) : calloc(1, sizeof *s);

    if (!s)
        return NULL;
    if (node) {
        list_remove(node);
        c->spare_count--;
    }
    s->id = id;
    list_append(&c->streams, &s->link);
    c->reading++;
    return s;
}

static void drop_fields(struct stream *s)
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

static void free_stream(struct stream *s)
{
    drop_fields(s);
    buffer_done(&s->body);
    free(s);
}

static void give_stream(struct connection *c, struct stream *s)
{
    struct buffer body = s->body;

    list_remove(&s->link);
    if (s->stage == READING)
        c->reading--;
    if (s->stage == ANSWERED)
        c->waiting -= s->body.len;
    c->held -= s->head_len;
    drop_fields(s);
    if (c->spare_count >= SPARE_MAX) {
        free_stream(s);
        return;
    }
    buffer_consume(&body, body.len, KEEP_SIZE);
    *s = (struct stream){ .body = body };
    list_append(&c->spare, &s->link);
    c->spare_count++;
}

static struct stream *stream_of(struct connection *c, int32_t id)
{
    return nghttp2_session_get_stream_user_data(c->session, id);
}

static int begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
    struct connection *c = arg;
    struct stream *s;

    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
        return 0;
    s = take_stream(c, frame->hd.stream_id);
    if (!s)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    nghttp2_session_set_stream_user_data(session, s->id, s);
    return 0;
}

static struct slice text_of(nghttp2_rcbuf *text)
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
static bool take_field(struct stream *s, struct slice name, nghttp2_rcbuf *value)
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
            s->verb = verb_of(text_of(value));
        break;
    case 9:
        if (equals(name, "forwarded", 9))
            return join(&s->forwarded, text_of(value));
        break;
    case 12:
        if (equals(name, "content-type", 12))
            keep(&s->content_type, value);
        break;
    case 15:
        if (equals(name, "x-forwarded-for", 15))
            return join(&s->x_forwarded_for, text_of(value));
        break;
    default:
        break;
    }
    return true;
}

static int header(nghttp2_session *session, const nghttp2_frame *frame, nghttp2_rcbuf *name,
                  nghttp2_rcbuf *value, uint8_t flags, void *arg)
{
    struct connection *c = arg;
    struct stream *s = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    size_t len = text_of(name).len + text_of(value).len;

    (void)flags;
    if (!http2_guard_field(&c->guard, len))
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    if (!s || s->stage != READING)
        return 0;
    if (++s->field_count > FIELDS_MAX || s->head_len + len > HEAD_MAX)
        s->fault = 431;
    if (s->fault)
        return 0;
    s->head_len += len;
    c->held += len;
    return take_field(s, text_of(name), value) ? 0 : NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

static int data_chunk(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *bytes,
                      size_t len, void *arg)
{
    struct stream *s = nghttp2_session_get_stream_user_data(session, id);

    (void)flags, (void)arg;
    if (!s || s->stage != READING || s->fault)
        return 0;
    if (s->body.len + len > BODY_MAX)
        s->fault = 413;
    else if (buffer_append(&s->body, slice_of(bytes, len)) != OK)
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    return 0;
}

static void hand_on(struct connection *c, struct stream *s)
{
    const struct http_request request = {
        .stream = (uint32_t)s->id,
        .fault = s->fault,
        .verb = s->verb,
        .target = text_of(s->target),
        .content_type = text_of(s->content_type),
        .accept = text_of(s->accept),
        .forwarded = buffer_slice(&s->forwarded),
        .x_forwarded_for = buffer_slice(&s->x_forwarded_for),
        .body = buffer_slice(&s->body),
    };

    s->stage = ASKED;
    c->reading--;
    c->http.handler->requested(c->http.arg, &request);
}

static int frame_begins(nghttp2_session *session, const nghttp2_frame_hd *hd, void *arg)
{
    struct connection *c = arg;

    (void)session;
    http2_guard_frame(&c->guard, hd->type, hd->length, hd->flags);
    return 0;
}

static int frame_received(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
    struct connection *c = arg;
    struct stream *s;

    if ((frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) ||
        !(frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
        return 0;
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
    struct stream *s = nghttp2_session_get_stream_user_data(session, id);
    bool is_asked;

    (void)code;
    if (!s)
        return 0;
    is_asked = s->stage == ASKED;
    if (s->stage == ANSWERED && s->body.len == 0)
        http2_guard_completed(&c->guard);
    else
        http2_guard_cancelled(&c->guard);
    give_stream(c, s);
    if (is_asked)
        c->http.handler->cancelled(c->http.arg, (uint32_t)id);
    return 0;
}

static ssize_t read_body(nghttp2_session *session, int32_t id, uint8_t *room, size_t size,
                         uint32_t *flags, nghttp2_data_source *source, void *arg)
{
    struct connection *c = arg;
    struct stream *s = source->ptr;
    struct slice body = buffer_slice(&s->body);
    size_t len = body.len < size ? body.len : size;

    (void)session, (void)id;
    memcpy(room, body.data, len);
    buffer_consume(&s->body, len, KEEP_SIZE);
    c->waiting -= len;
    if (s->body.len == 0)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)len;
}

/* Returns where the digits begin, which end at `end`. */
static char *write_number(char *end, size_t number)
{
    do {
        *--end = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return end;
}

static bool has_body(const struct stream *s, const struct http_response *response)
{
    return s->verb != VERB_HEAD && response->body.len > 0;
}

static void submit(struct connection *c, struct stream *s, const struct http_response *response)
{
    nghttp2_nv fields[5];
    size_t count = 0;
    char status[NUMBER_MAX], length[NUMBER_MAX], age[NUMBER_MAX + sizeof MAX_AGE_PREFIX];
    char *length_start = write_number(length + NUMBER_MAX, response->body.len);
    const nghttp2_data_provider provider = { .source.ptr = s, .read_callback = read_body };

    fields[count++] =
        NV(":status", write_number(status + NUMBER_MAX, response->status), STATUS_LEN, 0);
    if (response->content_type)
        fields[count++] = NV("content-type", response->content_type, strlen(response->content_type),
                             NGHTTP2_NV_FLAG_NO_COPY_VALUE);
    fields[count++] =
        NV("content-length", length_start, (size_t)(length + NUMBER_MAX - length_start), 0);
    if (response->has_max_age) {
        char *end = age + sizeof age, *start = write_number(end, response->max_age_s);

        start -= sizeof MAX_AGE_PREFIX - 1;
        memcpy(start, MAX_AGE_PREFIX, sizeof MAX_AGE_PREFIX - 1);
        fields[count++] = NV("cache-control", start, (size_t)(end - start), 0);
    } else if (response->status >= 400) {
        fields[count++] = NV("cache-control", "no-store", 8, NGHTTP2_NV_FLAG_NO_COPY_VALUE);
    }
    if (response->allow)
        fields[count++] =
            NV("allow", response->allow, strlen(response->allow), NGHTTP2_NV_FLAG_NO_COPY_VALUE);
    if (nghttp2_submit_response(c->session, s->id, fields, count,
                                has_body(s, response) ? &provider : NULL) != 0)
        c->starved = true;
}

static void respond(struct http *h, uint32_t id, const struct http_response *response)
{
    struct connection *c = (struct connection *)h;
    struct stream *s = stream_of(c, (int32_t)id);

    if (!s || s->stage != ASKED)
        return;
    buffer_consume(&s->body, s->body.len, KEEP_SIZE);
    if (has_body(s, response) && buffer_append(&s->body, response->body) != OK) {
        c->starved = true;
        return;
    }
    s->stage = ANSWERED;
    c->waiting += s->body.len;
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
    if (c->waiting > WAITING_MAX)
        http2_guard_stuck(&c->guard);
    end_if_abused(c);
}

static err_t write_out(struct http *h, struct buffer *out, size_t max)
{
    struct connection *c = (struct connection *)h;

    c->has_said_all = false;
    while (!c->is_broken && !c->starved && !c->has_said_all && out->len < max) {
        const uint8_t *bytes;
        ssize_t len = nghttp2_session_mem_send(c->session, &bytes);

        if (len == 0)
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

static bool is_partial(const struct http *h)
{
    return ((const struct connection *)h)->reading > 0;
}

static bool is_over(const struct http *h)
{
    const struct connection *c = (const struct connection *)h;

    return c->is_broken ||
           (!nghttp2_session_want_read(c->session) && !nghttp2_session_want_write(c->session));
}

static size_t held(const struct http *h)
{
    const struct connection *c = (const struct connection *)h;

    return sizeof *c + c->held + c->waiting;
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
        { NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, HEAD_MAX },
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
    nghttp2_option_set_max_deflate_dynamic_table_size(option, TABLE_SIZE);
    if (nghttp2_session_server_new2(&c->session, callbacks, c, option) != 0)
        return -1;
    return nghttp2_submit_settings(c->session, NGHTTP2_FLAG_NONE, settings,
                                   sizeof settings / sizeof *settings);
}

static void free_list(struct list *streams)
{
    for (struct list *node = list_first(streams); node; node = list_first(streams)) {
        list_remove(node);
        free_stream(LIST_OF(node, struct stream, link));
    }
}

static void free_connection(struct http *h)
{
    struct connection *c = (struct connection *)h;

    free_list(&c->streams);
    free_list(&c->spare);
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
    list_init(&c->streams);
    list_init(&c->spare);
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
    .is_partial = is_partial,
    .is_over = is_over,
    .held = held,
    .abuse = abuse,
};
