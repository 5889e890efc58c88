#include "unit/codec/http2_pair.h"

#include "unit/test.h"

#include <stdio.h>

void pair_answer(struct pair *p, uint32_t stream, size_t len)
{
    static const uint8_t bytes[65535] = "yes";
    const struct http_response response = { .status = 200,
                                            .content_type = "a/b",
                                            .has_max_age = true,
                                            .max_age_s = 300,
                                            .body = slice_of(bytes, len) };

    http_respond(p->http, stream, &response);
}

static void requested(void *arg, const struct http_request *r)
{
    struct pair *p = arg;

    p->last = *r;
    snprintf(p->target, sizeof p->target, "%.*s", (int)r->target.len, (const char *)r->target.data);
    p->body_len = r->body.len;
    p->asked[p->asked_count++ % ASKED_MAX] = r->stream;
    if (!p->is_slow)
        pair_answer(p, r->stream, 3);
}

static void cancelled(void *arg, uint32_t stream)
{
    (void)stream;
    ((struct pair *)arg)->cancelled++;
}

static int got_header(nghttp2_session *s, const nghttp2_frame *f, const uint8_t *name,
                      size_t name_len, const uint8_t *value, size_t len, uint8_t flags, void *arg)
{
    struct pair *p = arg;

    (void)s, (void)f, (void)flags, (void)name_len;
    if (strcmp((const char *)name, ":status") == 0)
        snprintf(p->status, sizeof p->status, "%.*s", (int)len, (const char *)value);
    if (strcmp((const char *)name, "cache-control") == 0)
        snprintf(p->age, sizeof p->age, "%.*s", (int)len, (const char *)value);
    if (strcmp((const char *)name, "content-length") == 0)
        snprintf(p->length, sizeof p->length, "%.*s", (int)len, (const char *)value);
    return 0;
}

static int got_data(nghttp2_session *s, uint8_t flags, int32_t id, const uint8_t *bytes, size_t len,
                    void *arg)
{
    struct pair *p = arg;

    (void)s, (void)flags, (void)id;
    if (p->heard_len + len < sizeof p->body)
        memcpy(p->body + p->heard_len, bytes, len);
    p->heard_len += len;
    return 0;
}

static int got_frame(nghttp2_session *s, const nghttp2_frame *f, void *arg)
{
    struct pair *p = arg;

    (void)s;
    if (f->hd.type == NGHTTP2_RST_STREAM)
        p->reset++;
    return 0;
}

static int got_close(nghttp2_session *s, int32_t id, uint32_t code, void *arg)
{
    (void)s, (void)id, (void)code;
    ((struct pair *)arg)->closed++;
    return 0;
}

void pair_begin(struct pair *p)
{
    static const struct http_handler handler = { .requested = requested, .cancelled = cancelled };
    nghttp2_session_callbacks *callbacks;

    *p = (struct pair){ 0 };
    CHECK_EQUAL(http_open(&p->http, &http2, &handler, p), OK);
    CHECK_EQUAL(nghttp2_session_callbacks_new(&callbacks), 0);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, got_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, got_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, got_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, got_close);
    CHECK_EQUAL(nghttp2_session_client_new(&p->client, callbacks, p), 0);
    nghttp2_session_callbacks_del(callbacks);
    CHECK_EQUAL(nghttp2_submit_settings(p->client, 0, NULL, 0), 0);
}

void pair_end(struct pair *p)
{
    http_free(&p->http);
    nghttp2_session_del(p->client);
    buffer_done(&p->out);
}

/* The client of nghttp2 hears nothing more once it was wronged itself: this reads the frames. */
static void look_for_goaway(struct pair *p, struct slice frames)
{
    while (frames.len >= 9) {
        const uint8_t *f = frames.data;
        size_t len = (size_t)f[0] << 16 | (size_t)f[1] << 8 | f[2];

        if (f[3] == NGHTTP2_GOAWAY)
            p->goaway = (uint32_t)f[16] + 1;
        frames = slice_after(frames, 9 + len);
    }
}

void pair_hear(struct pair *p)
{
    size_t before;

    do {
        before = p->out.len;
        CHECK_EQUAL(http_write(p->http, &p->out, 1 << 20), OK);
    } while (p->out.len > before);
    look_for_goaway(p, buffer_slice(&p->out));
    if (p->out.len > 0)
        CHECK(nghttp2_session_mem_recv(p->client, buffer_slice(&p->out).data, p->out.len) ==
              (ssize_t)p->out.len);
    buffer_consume(&p->out, p->out.len, 0);
}

void pair_talk_in(struct pair *p, size_t piece)
{
    for (;;) {
        const uint8_t *bytes;
        ssize_t len = nghttp2_session_mem_send(p->client, &bytes);

        for (ssize_t at = 0; at < len; at += (ssize_t)piece)
            http_feed(p->http, slice_of(bytes + at,
                                        piece < (size_t)(len - at) ? piece : (size_t)(len - at)));
        pair_hear(p);
        if (len <= 0 && !nghttp2_session_want_write(p->client))
            return;
    }
}

void pair_talk(struct pair *p)
{
    pair_talk_in(p, 1 << 20);
}

static ssize_t give_body(nghttp2_session *s, int32_t id, uint8_t *room, size_t size,
                         uint32_t *flags, nghttp2_data_source *source, void *arg)
{
    struct pair *p = arg;
    size_t len = p->post.len < size ? p->post.len : size;

    (void)s, (void)id, (void)source;
    if (p->post_piece && len > p->post_piece)
        len = p->post_piece;
    memcpy(room, p->post.data, len);
    p->post = slice_after(p->post, len);
    if (p->post.len == 0)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)len;
}

int32_t pair_ask(struct pair *p, const char *method, const char *path)
{
    const nghttp2_nv fields[] = { NV(":method", method),     NV(":path", path),
                                  NV(":scheme", "https"),    NV(":authority", "x"),
                                  NV("content-type", "c/d"), NV("x-forwarded-for", "1"),
                                  NV("x-forwarded-for", "2") };
    const nghttp2_data_provider body = { .read_callback = give_body };

    return nghttp2_submit_request(p->client, NULL, fields, sizeof fields / sizeof *fields,
                                  p->post.len > 0 ? &body : NULL, NULL);
}

void pair_say_frame(struct pair *p, uint8_t type, uint8_t flags, uint32_t stream,
                    const void *payload, size_t len)
{
    uint8_t frame[9 + 256] = { (uint8_t)(len >> 16),
                               (uint8_t)(len >> 8),
                               (uint8_t)len,
                               type,
                               flags,
                               (uint8_t)(stream >> 24),
                               (uint8_t)(stream >> 16),
                               (uint8_t)(stream >> 8),
                               (uint8_t)stream };

    if (len > 0)
        memcpy(frame + 9, payload, len);
    http_feed(p->http, slice_of(frame, 9 + len));
}
