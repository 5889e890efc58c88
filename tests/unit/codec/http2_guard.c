#include "unit/codec/http2_pair.h"
#include "unit/test.h"

static void check_ended(struct pair *p, enum http_abuse abuse, uint32_t code)
{
    pair_hear(p);
    CHECK_EQUAL(http_abuse(p->http), abuse);
    CHECK_EQUAL(p->goaway, code + 1);
    CHECK(http_is_over(p->http));
}

TEST(http2_rapid_reset, "requests that are cancelled as fast as they come end the connection")
{
    struct pair p;

    pair_begin(&p);
    p.is_slow = true;
    pair_talk(&p);
    for (unsigned i = 0; i < 150 && !p.goaway; i++) {
        int32_t id = pair_ask(&p, "GET", "/");

        pair_talk(&p);
        nghttp2_submit_rst_stream(p.client, 0, id, NGHTTP2_CANCEL);
        pair_talk(&p);
    }
    check_ended(&p, HTTP_ABUSE_rapid_reset, NGHTTP2_ENHANCE_YOUR_CALM);
    CHECK(p.asked_count < 120);
    CHECK_EQUAL(p.cancelled, p.asked_count);
    pair_end(&p);
}

TEST(http2_made_reset, "frames that make the server reset its streams end the connection")
{
    static const uint8_t too_much[4] = { 0x7f, 0xff, 0xff, 0xff };
    struct pair p;

    pair_begin(&p);
    p.is_slow = true;
    pair_talk(&p);
    for (unsigned i = 0; i < 150 && !p.goaway; i++) {
        int32_t id = pair_ask(&p, "GET", "/");

        pair_talk(&p);
        pair_say_frame(&p, NGHTTP2_WINDOW_UPDATE, 0, (uint32_t)id, too_much, 4);
        pair_hear(&p);
    }
    pair_hear(&p);
    CHECK_EQUAL(p.goaway, NGHTTP2_ENHANCE_YOUR_CALM + 1);
    CHECK(http_abuse(p.http) == HTTP_ABUSE_made_reset ||
          http_abuse(p.http) == HTTP_ABUSE_rapid_reset);
    CHECK(p.asked_count < 120);
    pair_end(&p);
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

        pair_begin(&p);
        pair_talk(&p);
        for (unsigned i = 0; i < 2000 && !p.goaway; i++) {
            pair_say_frame(&p, floods[flood].type, 0, floods[flood].stream, payload,
                           floods[flood].len);
            pair_hear(&p);
        }
        check_ended(&p, HTTP_ABUSE_control_flood, NGHTTP2_ENHANCE_YOUR_CALM);
        pair_end(&p);
    }
}

TEST(http2_padding, "frames of nothing but padding, and fields of the past, are such frames too")
{
    struct pair p;

    for (unsigned kind = 0; kind < 2; kind++) {
        pair_begin(&p);
        pair_talk(&p);
        pair_say_frame(&p, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 3, POST_BLOCK,
                       sizeof POST_BLOCK - 1);
        for (unsigned i = 0; i < 2000 && !p.goaway; i++) {
            if (kind == 0)
                pair_say_frame(&p, NGHTTP2_DATA, NGHTTP2_FLAG_PADDED, 3, "\1\0", 2);
            else
                pair_say_frame(&p, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1, POST_BLOCK,
                               sizeof POST_BLOCK - 1);
            pair_hear(&p);
        }
        check_ended(&p, HTTP_ABUSE_control_flood, NGHTTP2_ENHANCE_YOUR_CALM);
        pair_end(&p);
    }
}

TEST(http2_acks, "acknowledgements that nobody takes do not gather")
{
    static const uint8_t payload[8] = { 0 };
    struct pair p;

    pair_begin(&p);
    pair_talk(&p);
    for (unsigned i = 0; i < 500; i++)
        pair_say_frame(&p, NGHTTP2_PING, 0, 0, payload, 8);
    CHECK_EQUAL(http_abuse(p.http), HTTP_ABUSE_control_flood);
    pair_end(&p);
}

TEST(http2_continuation, "a header block without end ends the connection")
{
    struct pair p;

    pair_begin(&p);
    pair_talk(&p);
    pair_say_frame(&p, NGHTTP2_HEADERS, 0, 1, "\x82", 1);
    for (unsigned i = 0; i < 50; i++)
        pair_say_frame(&p, NGHTTP2_CONTINUATION, 0, 1, "", 0);
    check_ended(&p, HTTP_ABUSE_headers, NGHTTP2_ENHANCE_YOUR_CALM);
    pair_end(&p);
}

TEST(http2_window, "responses that gather behind a closed window end the connection")
{
    const nghttp2_settings_entry closed = { NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 0 };
    struct pair p;

    pair_begin(&p);
    nghttp2_submit_settings(p.client, 0, &closed, 1);
    p.is_slow = true;
    for (unsigned i = 0; i < 100; i++)
        pair_ask(&p, "GET", "/");
    pair_talk(&p);
    CHECK_EQUAL(p.asked_count, 100);
    for (unsigned i = 0; i < 100; i++)
        pair_answer(&p, p.asked[i], 65535);
    check_ended(&p, HTTP_ABUSE_window, NGHTTP2_ENHANCE_YOUR_CALM);
    pair_end(&p);
}

TEST(http2_window_open, "many long responses are no abuse before the client can take them")
{
    const nghttp2_settings_entry wide = { NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 1 << 20 };
    struct pair p;

    pair_begin(&p);
    nghttp2_submit_settings(p.client, 0, &wide, 1);
    nghttp2_session_set_local_window_size(p.client, 0, 0, 1 << 24);
    p.is_slow = true;
    for (unsigned i = 0; i < 100; i++)
        pair_ask(&p, "GET", "/");
    pair_talk(&p);
    for (unsigned i = 0; i < 100; i++)
        pair_answer(&p, p.asked[i], 65535);
    pair_say_frame(&p, NGHTTP2_PING, 0, 0, "12345678", 8);
    for (unsigned i = 0; i < 10; i++) /* a megabyte each */
        pair_talk(&p);
    CHECK_EQUAL(http_abuse(p.http), HTTP_ABUSE_NONE);
    CHECK_EQUAL(p.closed, 100);
    pair_end(&p);
}

TEST(http2_nonsense, "what is not HTTP/2 ends the connection")
{
    struct pair p;

    pair_begin(&p);
    http_feed(p.http, slice_of("GET / HTTP/1.1\r\nHost: x\r\n\r\n", 27));
    pair_hear(&p);
    CHECK_EQUAL(http_abuse(p.http), HTTP_ABUSE_protocol);
    CHECK(http_is_over(p.http));
    pair_end(&p);
    pair_begin(&p);
    pair_talk(&p);
    pair_say_frame(&p, NGHTTP2_DATA, 0, 0, "x", 1);
    check_ended(&p, HTTP_ABUSE_protocol, NGHTTP2_PROTOCOL_ERROR);
    pair_end(&p);
}

TEST(http2_served, "a busy client that cancels now and then, and pings, is none of these")
{
    struct pair p;

    pair_begin(&p);
    for (unsigned i = 0; i < 3000; i++) {
        int32_t id = pair_ask(&p, "GET", "/");

        p.is_slow = i % 3 == 0;
        pair_talk(&p);
        if (p.is_slow)
            nghttp2_submit_rst_stream(p.client, 0, id, NGHTTP2_CANCEL);
        nghttp2_submit_ping(p.client, 0, NULL);
        pair_talk(&p);
    }
    CHECK_EQUAL(http_abuse(p.http), HTTP_ABUSE_NONE);
    CHECK_EQUAL(p.closed, 3000);
    pair_end(&p);
}
