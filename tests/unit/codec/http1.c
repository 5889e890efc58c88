#include "codec/http.h"
#include "unit/test.h"

#include <stdio.h>
#include <stdlib.h>

#define HOST "Host: x\r\n"

/* A client's side in memory. Requests are answered at once, unless `is_slow`. */
struct desk {
    struct http *http;
    struct buffer out;
    char log[2048]; /* what was requested */
    bool is_slow;
    uint32_t stream;
};

static void answer(struct desk *d, uint32_t stream)
{
    const struct http_response response = { .status = 200,
                                            .content_type = "text/plain",
                                            .has_max_age = true,
                                            .max_age_s = 7,
                                            .body = slice_of("yes", 3) };

    http_respond(d->http, stream, &response);
}

static void requested(void *arg, const struct http_request *r)
{
    static const char *const verbs[] = { "OTHER", "GET", "HEAD", "POST" };
    struct desk *d = arg;
    size_t len = strlen(d->log);

    snprintf(d->log + len, sizeof d->log - len, "%s %.*s [%.*s] %.*s %u\n", verbs[r->verb],
             (int)(r->target.len < 40 ? r->target.len : 40), (const char *)r->target.data,
             (int)r->content_type.len, (const char *)r->content_type.data,
             (int)(r->body.len < 40 ? r->body.len : 40), (const char *)r->body.data, r->fault);
    d->stream = r->stream;
    if (!d->is_slow)
        answer(d, r->stream);
}

static void begin(struct desk *d)
{
    static const struct http_handler handler = { .requested = requested };

    *d = (struct desk){ 0 };
    CHECK_EQUAL(http_open(&d->http, &http1, &handler, d), OK);
}

static void end(struct desk *d)
{
    http_free(&d->http);
    buffer_done(&d->out);
}

/* In pieces, each of which is gone when it was fed. */
static void say(struct desk *d, const char *text, size_t piece)
{
    for (size_t at = 0, len = strlen(text); at < len; at += piece) {
        size_t size = piece < len - at ? piece : len - at;
        char *copy = malloc(size);

        memcpy(copy, text + at, size);
        http_feed(d->http, slice_of(copy, size));
        free(copy);
    }
    CHECK_EQUAL(http_write(d->http, &d->out, 1 << 20), OK);
    CHECK_EQUAL(buffer_append(&d->out, slice_of("", 1)), OK);
    d->out.len--;
}

static bool heard(const struct desk *d, const char *text)
{
    return strstr((const char *)buffer_slice(&d->out).data, text);
}

TEST(http1_get, "a request is understood in pieces of any size, and the connection goes on")
{
    for (size_t piece = 1; piece < 80; piece++) {
        struct desk d;

        begin(&d);
        say(&d, "GET /a?b HTTP/1.1\r\n" HOST "\r\nGET /c HTTP/1.1\r\n" HOST "\r\n", piece);
        CHECK_TEXT(d.log, "GET /a?b []  0\nGET /c []  0\n");
        CHECK(heard(&d, "HTTP/1.1 200 OK\r\n"));
        CHECK(heard(&d, "content-length: 3\r\n"));
        CHECK(heard(&d, "cache-control: max-age=7\r\n"));
        CHECK(heard(&d, "\r\n\r\nyes"));
        CHECK(!http_is_over(d.http));
        CHECK(!http_partial(d.http));
        end(&d);
    }
}

TEST(http1_bodies, "a body comes with its length, or in chunks")
{
    for (size_t piece = 1; piece < 60; piece++) {
        struct desk d;

        begin(&d);
        say(&d,
            "POST /p HTTP/1.1\r\n" HOST "Content-Type: a/b\r\nContent-Length: 5\r\n\r\nhello"
            "POST /q HTTP/1.1\r\n" HOST "CONTENT-TYPE: c\r\ntransfer-encoding: chunked\r\n\r\n"
            "3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nTrailer: t\r\n\r\n"
            "GET /r HTTP/1.1\r\n" HOST "\r\n",
            piece);
        CHECK_TEXT(d.log, "POST /p [a/b] hello 0\nPOST /q [c] hello 0\nGET /r []  0\n");
        end(&d);
    }
}

TEST(http1_trailers, "fields behind the body do not count")
{
    struct desk d;

    begin(&d);
    say(&d,
        "POST /t HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
        "1\r\nx\r\n0\r\nContent-Type: a/b\r\nHost: y\r\n\r\n"
        "GET /u HTTP/1.1\r\n" HOST "\r\n",
        100);
    CHECK_TEXT(d.log, "POST /t [] x 0\nGET /u []  0\n");
    end(&d);
}

TEST(http1_whole_url, "of a whole URL the path and what follows it count")
{
    struct desk d;

    begin(&d);
    say(&d,
        "GET http://x:80/a?b HTTP/1.1\r\n" HOST "\r\n"
        "GET https://[::1]/c HTTP/1.1\r\n" HOST "\r\n"
        "GET http://x HTTP/1.1\r\n" HOST "\r\n"
        "OPTIONS * HTTP/1.1\r\n" HOST "\r\n",
        7);
    CHECK_TEXT(d.log, "GET /a?b []  0\nGET /c []  0\nGET http://x []  0\nOTHER * []  0\n");
    end(&d);
}

TEST(http1_head, "HEAD is told how long the body would be, and does not get it")
{
    struct desk d;

    begin(&d);
    say(&d, "HEAD /h HTTP/1.1\r\n" HOST "\r\n", 100);
    CHECK(heard(&d, "content-length: 3\r\n"));
    CHECK(!heard(&d, "yes"));
    end(&d);
}

TEST(http1_pipelined, "what is sent ahead waits until its turn has come")
{
    struct desk d;

    begin(&d);
    d.is_slow = true;
    say(&d, "GET /1 HTTP/1.1\r\n" HOST "\r\nGET /2 HTTP/1.1\r\n" HOST "\r\n", 100);
    CHECK_TEXT(d.log, "GET /1 []  0\n");
    CHECK(!http_wants_input(d.http));
    answer(&d, d.stream);
    CHECK_TEXT(d.log, "GET /1 []  0\nGET /2 []  0\n");
    answer(&d, d.stream - 1); /* it has its response */
    CHECK(!http_wants_input(d.http));
    answer(&d, d.stream);
    CHECK(http_wants_input(d.http));
    end(&d);
}

TEST(http1_closes, "who asks to close, or speaks HTTP/1.0, gets the response and the end")
{
    static const char *const last[] = { "GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n",
                                        "GET / HTTP/1.0\r\n\r\n" };

    for (size_t i = 0; i < 2; i++) {
        struct desk d;

        begin(&d);
        say(&d, last[i], 100);
        CHECK(heard(&d, "connection: close\r\n"));
        CHECK(heard(&d, "yes"));
        CHECK(http_is_over(d.http));
        end(&d);
    }
}

TEST(http1_continue, "a client that waits for leave to send its body gets it")
{
    struct desk d;

    begin(&d);
    say(&d, "POST / HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n", 100);
    CHECK(heard(&d, "HTTP/1.1 100 Continue\r\n\r\n"));
    CHECK(http_partial(d.http));
    say(&d, "ab", 1);
    CHECK(heard(&d, "yes"));
    end(&d);
}

TEST(http1_upgrade, "there is nothing to upgrade to: such a request is answered as it is")
{
    struct desk d;

    begin(&d);
    say(&d,
        "GET /u HTTP/1.1\r\n" HOST "Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
        "GET /v HTTP/1.1\r\n" HOST "\r\n",
        100);
    CHECK_TEXT(d.log, "GET /u []  0\nGET /v []  0\n");
    end(&d);
}

/* The request is handed on with its fault, and the connection ends with the response. */
static void check_fault_in_pieces(const char *text, unsigned fault, size_t piece)
{
    char expected[16];
    struct desk d;

    begin(&d);
    say(&d, text, piece);
    snprintf(expected, sizeof expected, " %u\n", fault);
    CHECK(strlen(d.log) > strlen(expected));
    CHECK_TEXT(d.log + strlen(d.log) - strlen(expected), expected);
    CHECK(heard(&d, "connection: close\r\n"));
    CHECK(http_is_over(d.http));
    say(&d, "GET / HTTP/1.1\r\n" HOST "\r\n", 64);
    CHECK(!strstr(d.log, "GET /  []  0"));
    end(&d);
}

static void check_fault(const char *text, unsigned fault)
{
    for (size_t piece = 1; piece <= 64; piece = 2 * piece + 1)
        check_fault_in_pieces(text, fault, piece);
    check_fault_in_pieces(text, fault, strlen(text));
}

static char *repeat(const char *before, const char *text, size_t times, const char *after)
{
    char *all = malloc(strlen(before) + times * strlen(text) + strlen(after) + 1);

    strcpy(all, before);
    for (size_t i = 0, len = strlen(before); i < times; i++, len += strlen(text))
        strcpy(all + len, text);
    return strcat(all, after);
}

TEST(http1_faults, "what is no request is refused, and nothing behind it is believed")
{
    static const char *const wrong[] = {
        "nonsense\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",                         /* no Host */
        "GET / HTTP/1.1\r\n" HOST HOST "\r\n",            /* two */
        "GET / HTTP/2.0\r\n" HOST "\r\n",                 /* another protocol */
        "GET / HTTP/1.1\r\n" HOST "a b: c\r\n\r\n",       /* a space in a name */
        "GET / HTTP/1.1\r\n" HOST "Name : value\r\n\r\n", /* and behind it */
        "POST / HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "POST / HTTP/1.1\r\n" HOST
        "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
    };

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        check_fault(wrong[i], 400);
}

#define CHUNKED "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n"

TEST(http1_lines, "lines and chunks end as they must, or the request is none")
{
    static const char *const wrong[] = {
        "GET / HTTP/1.1\n" HOST "\r\n",
        "GET / HTTP/1.1\r\nHost: x\n\n",
        "GET / HTTP/1.1\r\n" HOST "\rx",
        "GET / HTTP/1.1\r\n" HOST "\r\r\n",
        "GET / HTTP/1.1\r\n" HOST "a:\rb: c\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "a: b\r\n c\r\n\r\n", /* folded */
        "GET / HTTP/1.1\r\n" HOST "a:\r\n\tb\r\n\r\n",
        "\nGET / HTTP/1.1\r\n" HOST "\r\n",
        "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        CHUNKED "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        CHUNKED "\r\n1\nx\r\n0\r\n\r\n",
        CHUNKED "\r\n1\rxx\r\n0\r\n\r\n",
        CHUNKED "\r\n1 0\r\nx\r\n0\r\n\r\n",
        CHUNKED "\r\n1 \r\nx\r\n0\r\n\r\n",
        CHUNKED "\r\n1;a\nb\r\nx\r\n0\r\n\r\n",
        CHUNKED "\r\n1\r\nxyz0\r\n\r\n",
        CHUNKED "\r\n1\r\nx\n0\r\n\r\n",
        CHUNKED "\r\n1\r\nx\r0\r\n\r\n",
        CHUNKED "\r\n0\r\na: b\r\n c\r\n\r\n",
        CHUNKED "\r\n0\r\n\rx",
    };

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        check_fault(wrong[i], 400);
}

TEST(http1_lines_good,
     "empty lines before a request, spaces around an extension and any body are good")
{
    for (size_t piece = 1; piece < 60; piece++) {
        struct desk d;

        begin(&d);
        say(&d,
            "\r\n\r\n" CHUNKED "\r\n2 ; a=b c\r\n\r\n\r\n3;x\r\n\n \r\r\n0\r\n\r\n"
            "POST /b HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\n\r\r\n"
            "POST /c HTTP/1.1\r\n" HOST "Transfer-Encoding: Chunked \r\n\r\n0\r\n\r\n",
            piece);
        CHECK_TEXT(d.log, "POST / [] \r\n\n \r 0\nPOST /b [] \r\r\n 0\nPOST /c []  0\n");
        end(&d);
    }
}

TEST(http1_head_fault, "HEAD gets no body, also when it is refused")
{
    struct desk d;

    begin(&d);
    say(&d, "HEAD / HTTP/1.1\r\n" HOST HOST "\r\n", 100);
    CHECK(heard(&d, "content-length: 3\r\n"));
    CHECK(heard(&d, "connection: close\r\n\r\n"));
    CHECK(!heard(&d, "yes"));
    end(&d);
}

TEST(http1_limits, "targets, fields and bodies have a length that is enough")
{
    char *target = repeat("GET /", "x", 17000, " HTTP/1.1\r\n" HOST "\r\n");
    char *field = repeat("GET / HTTP/1.1\r\n" HOST "a: ", "x", 17000, "\r\n\r\n");
    char *fields = repeat("GET / HTTP/1.1\r\n" HOST, "a: b\r\n", 70, "\r\n");
    char *chunks = repeat("POST / HTTP/1.1\r\n" HOST "transfer-encoding: chunked\r\n\r\n",
                          "8\r\n12345678\r\n", 9000, "0\r\n\r\n");

    check_fault(target, 414);
    check_fault(field, 431);
    check_fault(fields, 431);
    check_fault(chunks, 413);
    check_fault("POST / HTTP/1.1\r\n" HOST "Content-Length: 65536\r\n\r\n", 413);
    free(target);
    free(field);
    free(fields);
    free(chunks);
}

TEST(http1_idle, "an idle connection holds next to nothing")
{
    struct desk d;

    begin(&d);
    say(&d, "GET / HTTP/1.1\r\n" HOST "\r\n", 100);
    CHECK(http_held(d.http) < 512);
    end(&d);
}

TEST(http1_shut, "a connection that is shut ends with the response that is due")
{
    struct desk d;

    begin(&d);
    d.is_slow = true;
    say(&d, "GET / HTTP/1.1\r\n" HOST "\r\n", 100);
    http_shut(d.http);
    CHECK(!http_is_over(d.http));
    answer(&d, d.stream);
    say(&d, "", 1);
    CHECK(heard(&d, "connection: close\r\n"));
    CHECK(http_is_over(d.http));
    end(&d);
}
