#include "codec/http.h"
#include "unit/test.h"

#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <stdlib.h>

#define ASKED_MAX 512

/* A server's side under test, and a client of nghttp2 that talks to it in memory. */
struct pair {
    struct http *http;
    nghttp2_session *client;
    struct buffer out;
    /* what the server's desk has seen */
    bool is_slow; /* requests are answered by the test */
    uint32_t asked[ASKED_MAX];
    unsigned asked_count, cancelled;
    struct http_request last; /* its slices are gone */
    char target[64];
    size_t body_len;
    /* what the client has heard */
    char status[4], age[32], length[16];
    char body[128];
    size_t heard_len;
    unsigned closed, reset;
    uint32_t goaway; /* the error code and one */
    /* what the client says */
    struct slice post;
    size_t post_piece;
};

static void answer(struct pair *p, uint32_t stream, size_t len)
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
        answer(p, r->stream, 3);
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

static void begin(struct pair *p)
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

static void end(struct pair *p)
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

/* The server says what it has to say, response by response. */
static void hear(struct pair *p)
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

/* Until both have said all, the client's words in pieces of `piece` bytes. */
static void talk_in(struct pair *p, size_t piece)
{
    for (;;) {
        const uint8_t *bytes;
        ssize_t len = nghttp2_session_mem_send(p->client, &bytes);

        for (ssize_t at = 0; at < len; at += (ssize_t)piece)
            http_feed(p->http, slice_of(bytes + at,
                                        piece < (size_t)(len - at) ? piece : (size_t)(len - at)));
        hear(p);
        if (len <= 0 && !nghttp2_session_want_write(p->client))
            return;
    }
}

static void talk(struct pair *p)
{
    talk_in(p, 1 << 20);
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

#define NV(name, value)                                                                            \
    {                                                                                              \
        (uint8_t *)(uintptr_t)name, (uint8_t *)(uintptr_t)value, strlen(name), strlen(value), 0    \
    }

static int32_t ask(struct pair *p, const char *method, const char *path)
{
    const nghttp2_nv fields[] = { NV(":method", method),     NV(":path", path),
                                  NV(":scheme", "https"),    NV(":authority", "x"),
                                  NV("content-type", "c/d"), NV("x-forwarded-for", "1"),
                                  NV("x-forwarded-for", "2") };
    const nghttp2_data_provider body = { .read_callback = give_body };

    return nghttp2_submit_request(p->client, NULL, fields, sizeof fields / sizeof *fields,
                                  p->post.len > 0 ? &body : NULL, NULL);
}

TEST(http2_get, "a request is understood in pieces of any size")
{
    for (size_t piece = 1; piece < 40; piece++) {
        struct pair p;

        begin(&p);
        CHECK(ask(&p, "GET", "/a?b") > 0);
        talk_in(&p, piece);
        CHECK_EQUAL(p.asked_count, 1);
        CHECK_EQUAL(p.last.verb, VERB_GET);
        CHECK_EQUAL(p.last.fault, 0);
        CHECK_TEXT(p.target, "/a?b");
        CHECK_TEXT(p.status, "200");
        CHECK_TEXT(p.age, "max-age=300");
        CHECK_TEXT(p.length, "3");
        CHECK_TEXT(p.body, "yes");
        CHECK_EQUAL(p.closed, 1);
        CHECK(!http_is_partial(p.http));
        CHECK(!http_is_over(p.http));
        end(&p);
    }
}

TEST(http2_post, "a body comes without its length, in frames of any size")
{
    static const uint8_t bytes[40] = { 1 };

    for (size_t piece = 1; piece <= sizeof bytes; piece++) {
        struct pair p;

        begin(&p);
        p.post = slice_of(bytes, sizeof bytes);
        p.post_piece = piece;
        CHECK(ask(&p, "POST", "/p") > 0);
        talk(&p);
        CHECK_EQUAL(p.last.verb, VERB_POST);
        CHECK_EQUAL(p.body_len, sizeof bytes);
        CHECK_TEXT(p.body, "yes");
        end(&p);
    }
}

TEST(http2_head, "HEAD is told how long the body would be, and does not get it")
{
    struct pair p;

    begin(&p);
    CHECK(ask(&p, "HEAD", "/") > 0);
    talk(&p);
    CHECK_TEXT(p.status, "200");
    CHECK_TEXT(p.length, "3");
    CHECK_EQUAL(p.heard_len, 0);
    CHECK_EQUAL(p.closed, 1);
    end(&p);
}

TEST(http2_many, "many requests at once are answered in any order, and memory is used again")
{
    struct pair p;

    begin(&p);
    p.is_slow = true;
    for (unsigned round = 0; round < 20; round++) {
        p.asked_count = p.closed = 0;
        for (unsigned i = 0; i < 100; i++)
            CHECK(ask(&p, "GET", "/") > 0);
        talk(&p);
        CHECK_EQUAL(p.asked_count, 100);
        for (unsigned i = 100; i-- > 0;)
            answer(&p, p.asked[i], i * 7);
        talk(&p);
        CHECK_EQUAL(p.closed, 100);
    }
    CHECK(http_held(p.http) < 4096);
    end(&p);
}

TEST(http2_record, "http_write stops behind each response, so that it can be a record of its own")
{
    struct pair p;
    size_t before;

    begin(&p);
    p.is_slow = true;
    ask(&p, "GET", "/");
    ask(&p, "GET", "/");
    talk(&p);
    answer(&p, p.asked[0], 3);
    answer(&p, p.asked[1], 3);
    CHECK_EQUAL(http_write(p.http, &p.out, 1 << 20), OK);
    before = p.out.len;
    CHECK_EQUAL(http_write(p.http, &p.out, 1 << 20), OK);
    CHECK(p.out.len > before);
    end(&p);
}

TEST(http2_cancelled,
     "a request that its client gives up is told once, and its response goes nowhere")
{
    struct pair p;
    int32_t id;

    begin(&p);
    p.is_slow = true;
    id = ask(&p, "GET", "/");
    talk(&p);
    nghttp2_submit_rst_stream(p.client, 0, id, NGHTTP2_CANCEL);
    talk(&p);
    CHECK_EQUAL(p.cancelled, 1);
    answer(&p, p.asked[0], 3);
    talk(&p);
    CHECK_EQUAL(p.heard_len, 0);
    CHECK_EQUAL(http_abuse(p.http), HTTP_ABUSE_NONE);
    end(&p);
}

TEST(http2_too_large,
     "a body beyond the longest message and fields without end are the request's fault")
{
    static const uint8_t bytes[65536];
    static char path[9000];
    struct pair p;

    begin(&p);
    p.post = slice_of(bytes, sizeof bytes);
    ask(&p, "POST", "/");
    talk(&p);
    CHECK_EQUAL(p.last.fault, 413);
    memset(path, '/', sizeof path - 1);
    ask(&p, "GET", path);
    talk(&p);
    CHECK_EQUAL(p.last.fault, 0);
    for (unsigned i = 0; i < 2; i++) {
        const nghttp2_nv fields[] = { NV(":method", "GET"),   NV(":path", "/"),
                                      NV(":scheme", "https"), NV(":authority", "x"),
                                      NV("a", path),          NV("b", path) };

        nghttp2_submit_request(p.client, NULL, fields, 6, NULL, NULL);
        talk(&p);
        CHECK_EQUAL(p.last.fault, 431);
    }
    CHECK_EQUAL(http_abuse(p.http), HTTP_ABUSE_NONE);
    end(&p);
}

TEST(http2_shut, "a connection that is shut answers what was asked, and says GOAWAY")
{
    struct pair p;

    begin(&p);
    p.is_slow = true;
    ask(&p, "GET", "/");
    talk(&p);
    http_shut(p.http);
    talk(&p);
    CHECK_EQUAL(p.goaway, NGHTTP2_NO_ERROR + 1);
    CHECK(!http_is_over(p.http));
    answer(&p, p.asked[0], 3);
    talk(&p);
    CHECK_TEXT(p.body, "yes");
    CHECK(http_is_over(p.http));
    end(&p);
}

/* Raw frames behind a good beginning: whether the connection ended, and why. */
static void say_frame(struct pair *p, uint8_t type, uint8_t flags, uint32_t stream,
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

static void check_ended(struct pair *p, enum http_abuse abuse, uint32_t code)
{
    hear(p);
    CHECK_EQUAL(http_abuse(p->http), abuse);
    CHECK_EQUAL(p->goaway, code + 1);
    CHECK(http_is_over(p->http));
}

TEST(http2_rapid_reset, "requests that are cancelled as fast as they come end the connection")
{
    struct pair p;

    begin(&p);
    p.is_slow = true;
    talk(&p);
    for (unsigned i = 0; i < 150 && !p.goaway; i++) {
        int32_t id = ask(&p, "GET", "/");

        talk(&p);
        nghttp2_submit_rst_stream(p.client, 0, id, NGHTTP2_CANCEL);
        talk(&p);
    }
    check_ended(&p, HTTP_ABUSE_rapid_reset, NGHTTP2_ENHANCE_YOUR_CALM);
    CHECK(p.asked_count < 120);
    CHECK_EQUAL(p.cancelled, p.asked_count);
    end(&p);
}

TEST(http2_made_reset, "frames that make the server reset its streams end the connection")
{
    static const uint8_t too_much[4] = { 0x7f, 0xff, 0xff, 0xff };
    struct pair p;

    begin(&p);
    p.is_slow = true;
    talk(&p);
    for (unsigned i = 0; i < 150 && !p.goaway; i++) {
        int32_t id = ask(&p, "GET", "/");

        talk(&p);
        say_frame(&p, NGHTTP2_WINDOW_UPDATE, 0, (uint32_t)id, too_much, 4);
        hear(&p);
    }
    hear(&p);
    CHECK_EQUAL(p.goaway, NGHTTP2_ENHANCE_YOUR_CALM + 1);
    CHECK(http_abuse(p.http) == HTTP_ABUSE_made_reset ||
          http_abuse(p.http) == HTTP_ABUSE_rapid_reset);
    CHECK(p.asked_count < 120);
    end(&p);
}

TEST(http2_floods, "SETTINGS, PING, PRIORITY and empty frames without end do")
{
    static const struct {
        uint8_t type;
        uint32_t stream;
        size_t len;
    } floods[] = {
        { NGHTTP2_SETTINGS, 0, 0 },
        { NGHTTP2_PING, 0, 8 },
        { NGHTTP2_PRIORITY, 1, 5 },
        { NGHTTP2_WINDOW_UPDATE, 0, 4 },
    };
    static const uint8_t payload[8] = { 0, 0, 0, 3, 0 };

    for (size_t flood = 0; flood < sizeof floods / sizeof *floods; flood++) {
        struct pair p;

        begin(&p);
        talk(&p);
        for (unsigned i = 0; i < 2000 && !p.goaway; i++) {
            say_frame(&p, floods[flood].type, 0, floods[flood].stream, payload, floods[flood].len);
            hear(&p);
        }
        check_ended(&p, HTTP_ABUSE_control_flood, NGHTTP2_ENHANCE_YOUR_CALM);
        end(&p);
    }
}

TEST(http2_acks, "acknowledgements that nobody takes do not gather")
{
    static const uint8_t payload[8] = { 0 };
    struct pair p;

    begin(&p);
    talk(&p);
    for (unsigned i = 0; i < 500; i++)
        say_frame(&p, NGHTTP2_PING, 0, 0, payload, 8);
    CHECK_EQUAL(http_abuse(p.http), HTTP_ABUSE_control_flood);
    end(&p);
}

TEST(http2_continuation, "a header block without end ends the connection")
{
    struct pair p;

    begin(&p);
    talk(&p);
    say_frame(&p, NGHTTP2_HEADERS, 0, 1, "\x82", 1);
    for (unsigned i = 0; i < 50; i++)
        say_frame(&p, NGHTTP2_CONTINUATION, 0, 1, "", 0);
    check_ended(&p, HTTP_ABUSE_headers, NGHTTP2_ENHANCE_YOUR_CALM);
    end(&p);
}

TEST(http2_window, "responses that gather behind a closed window end the connection")
{
    const nghttp2_settings_entry closed = { NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 0 };
    struct pair p;

    begin(&p);
    nghttp2_submit_settings(p.client, 0, &closed, 1);
    p.is_slow = true;
    for (unsigned i = 0; i < 100; i++)
        ask(&p, "GET", "/");
    talk(&p);
    CHECK_EQUAL(p.asked_count, 100);
    for (unsigned i = 0; i < 100; i++)
        answer(&p, p.asked[i], 65535);
    say_frame(&p, NGHTTP2_PING, 0, 0, "12345678", 8);
    check_ended(&p, HTTP_ABUSE_window, NGHTTP2_ENHANCE_YOUR_CALM);
    end(&p);
}

TEST(http2_nonsense, "what is not HTTP/2 ends the connection")
{
    struct pair p;

    begin(&p);
    http_feed(p.http, slice_of("GET / HTTP/1.1\r\nHost: x\r\n\r\n", 27));
    hear(&p);
    CHECK_EQUAL(http_abuse(p.http), HTTP_ABUSE_protocol);
    CHECK(http_is_over(p.http));
    end(&p);
    begin(&p);
    talk(&p);
    say_frame(&p, NGHTTP2_DATA, 0, 0, "x", 1);
    check_ended(&p, HTTP_ABUSE_protocol, NGHTTP2_PROTOCOL_ERROR);
    end(&p);
}

TEST(http2_served, "a busy client that cancels now and then, and pings, is none of these")
{
    struct pair p;

    begin(&p);
    for (unsigned i = 0; i < 3000; i++) {
        int32_t id = ask(&p, "GET", "/");

        p.is_slow = i % 3 == 0;
        talk(&p);
        if (p.is_slow)
            nghttp2_submit_rst_stream(p.client, 0, id, NGHTTP2_CANCEL);
        nghttp2_submit_ping(p.client, 0, NULL);
        talk(&p);
    }
    CHECK_EQUAL(http_abuse(p.http), HTTP_ABUSE_NONE);
    CHECK_EQUAL(p.closed, 3000);
    end(&p);
}
