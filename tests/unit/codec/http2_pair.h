/* tests/unit/codec/http2_pair.h - a server's side under test, and a client that talks to it in
 * memory. */
#ifndef UNIT_CODEC_HTTP2_PAIR_H
#define UNIT_CODEC_HTTP2_PAIR_H

#include "codec/http.h"

#include <nghttp2/nghttp2.h>

#define ASKED_MAX 512

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

/* ":method: POST", ":path: /", ":scheme: https", ":authority: x" in HPACK. */
#define POST_BLOCK "\x83\x84\x87\x41\1x"

#define NV(name, value)                                                                            \
    {                                                                                              \
        (uint8_t *)(uintptr_t)(name), (uint8_t *)(uintptr_t)(value), strlen(name), strlen(value),  \
            0                                                                                      \
    }

void pair_begin(struct pair *p);
void pair_end(struct pair *p);

/* A request of the client; with the body `p->post`, if there is one. */
int32_t pair_ask(struct pair *p, const char *method, const char *path);

/* The server's response of `len` bytes, which begin with "yes". */
void pair_answer(struct pair *p, uint32_t stream, size_t len);

/* The server says what it has to say, response by response. */
void pair_hear(struct pair *p);

/* Until both have said all; the client's words in pieces of `piece` bytes. */
void pair_talk_in(struct pair *p, size_t piece);
void pair_talk(struct pair *p);

/* A raw frame of the client. */
void pair_say_frame(struct pair *p, uint8_t type, uint8_t flags, uint32_t stream,
                    const void *payload, size_t len);

#endif
