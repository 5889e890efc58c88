#include "unit/codec/http2_pair.h"
#include "unit/test.h"

TEST(http2_get, "a request is understood in pieces of any size")
{
    for (size_t piece = 1; piece < 40; piece++) {
        struct pair p;

        pair_begin(&p);
        CHECK(pair_ask(&p, "GET", "/a?b") > 0);
        pair_talk_in(&p, piece);
        CHECK_EQUAL(p.asked_count, 1);
        CHECK_EQUAL(p.last.verb, VERB_GET);
        CHECK_EQUAL(p.last.fault, 0);
        CHECK_TEXT(p.target, "/a?b");
        CHECK_TEXT(p.status, "200");
        CHECK_TEXT(p.age, "max-age=300");
        CHECK_TEXT(p.length, "3");
        CHECK_TEXT(p.body, "yes");
        CHECK_EQUAL(p.closed, 1);
        CHECK(!http_partial(p.http));
        CHECK(!http_is_over(p.http));
        pair_end(&p);
    }
}

TEST(http2_post, "a body comes without its length, in frames of any size")
{
    static const uint8_t bytes[40] = { 1 };

    for (size_t piece = 1; piece <= sizeof bytes; piece++) {
        struct pair p;

        pair_begin(&p);
        p.post = slice_of(bytes, sizeof bytes);
        p.post_piece = piece;
        CHECK(pair_ask(&p, "POST", "/p") > 0);
        pair_talk(&p);
        CHECK_EQUAL(p.last.verb, VERB_POST);
        CHECK_EQUAL(p.body_len, sizeof bytes);
        CHECK_TEXT(p.body, "yes");
        pair_end(&p);
    }
}

TEST(http2_head, "HEAD is told how long the body would be, and does not get it")
{
    struct pair p;

    pair_begin(&p);
    CHECK(pair_ask(&p, "HEAD", "/") > 0);
    pair_talk(&p);
    CHECK_TEXT(p.status, "200");
    CHECK_TEXT(p.length, "3");
    CHECK_EQUAL(p.heard_len, 0);
    CHECK_EQUAL(p.closed, 1);
    pair_end(&p);
}

TEST(http2_many, "many requests at once are answered in any order, and memory is used again")
{
    struct pair p;

    pair_begin(&p);
    p.is_slow = true;
    for (unsigned round = 0; round < 20; round++) {
        p.asked_count = p.closed = 0;
        for (unsigned i = 0; i < 100; i++)
            CHECK(pair_ask(&p, "GET", "/") > 0);
        pair_talk(&p);
        CHECK_EQUAL(p.asked_count, 100);
        for (unsigned i = 100; i-- > 0;)
            pair_answer(&p, p.asked[i], i * 7);
        pair_talk(&p);
        CHECK_EQUAL(p.closed, 100);
    }
    CHECK(http_held(p.http) < 4096);
    pair_end(&p);
}

TEST(http2_record, "http_write stops behind each response, so that it can be a record of its own")
{
    struct pair p;
    size_t before;

    pair_begin(&p);
    p.is_slow = true;
    pair_ask(&p, "GET", "/");
    pair_ask(&p, "GET", "/");
    pair_talk(&p);
    pair_answer(&p, p.asked[0], 3);
    pair_answer(&p, p.asked[1], 3);
    CHECK_EQUAL(http_write(p.http, &p.out, 1 << 20), OK);
    before = p.out.len;
    CHECK_EQUAL(http_write(p.http, &p.out, 1 << 20), OK);
    CHECK(p.out.len > before);
    pair_end(&p);
}

TEST(http2_cancelled,
     "a request that its client gives up is told once, and its response goes nowhere")
{
    struct pair p;
    int32_t id;

    pair_begin(&p);
    p.is_slow = true;
    id = pair_ask(&p, "GET", "/");
    pair_talk(&p);
    nghttp2_submit_rst_stream(p.client, 0, id, NGHTTP2_CANCEL);
    pair_talk(&p);
    CHECK_EQUAL(p.cancelled, 1);
    pair_answer(&p, p.asked[0], 3);
    pair_talk(&p);
    CHECK_EQUAL(p.heard_len, 0);
    CHECK_EQUAL(http_abuse(p.http), HTTP_ABUSE_NONE);
    pair_end(&p);
}

TEST(http2_too_large,
     "a body beyond the longest message and fields without end are the request's fault")
{
    static const uint8_t bytes[65536];
    static char path[9000];
    struct pair p;

    pair_begin(&p);
    p.post = slice_of(bytes, sizeof bytes);
    pair_ask(&p, "POST", "/");
    pair_talk(&p);
    CHECK_EQUAL(p.last.fault, 413);
    memset(path, '/', sizeof path - 1);
    pair_ask(&p, "GET", path);
    pair_talk(&p);
    CHECK_EQUAL(p.last.fault, 0);
    for (unsigned i = 0; i < 2; i++) {
        const nghttp2_nv fields[] = { NV(":method", "GET"),   NV(":path", "/"),
                                      NV(":scheme", "https"), NV(":authority", "x"),
                                      NV("a", path),          NV("b", path) };

        nghttp2_submit_request(p.client, NULL, fields, 6, NULL, NULL);
        pair_talk(&p);
        CHECK_EQUAL(p.last.fault, 431);
    }
    CHECK_EQUAL(http_abuse(p.http), HTTP_ABUSE_NONE);
    pair_end(&p);
}

TEST(http2_shut, "a connection that is shut answers what was asked, and says GOAWAY")
{
    struct pair p;

    pair_begin(&p);
    p.is_slow = true;
    pair_ask(&p, "GET", "/");
    pair_talk(&p);
    http_shut(p.http);
    pair_talk(&p);
    CHECK_EQUAL(p.goaway, NGHTTP2_NO_ERROR + 1);
    CHECK(!http_is_over(p.http));
    pair_answer(&p, p.asked[0], 3);
    pair_talk(&p);
    CHECK_TEXT(p.body, "yes");
    CHECK(http_is_over(p.http));
    pair_end(&p);
}
