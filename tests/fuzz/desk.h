/* tests/fuzz/desk.h - DNS over HTTP as a listener serves it, for both fuzz targets of HTTP. */
#ifndef FUZZ_DESK_H
#define FUZZ_DESK_H

#include "codec/doh.h"
#include "dns/header.h"

#include <stdlib.h>

#define DESK_WAITING_MAX 256
#define DESK_HELD_MAX    ((size_t)16 << 20)

struct desk {
    struct http *http;
    bool is_slow;
    uint32_t waiting[DESK_WAITING_MAX];
    unsigned waiting_count;
    uint8_t room[DNS_MESSAGE_MAX];
};

static inline void desk_answer(struct desk *d, uint32_t stream)
{
    static const uint8_t dns[600] = { 0, 0, 0x81, 0x80 };
    const struct http_response response = doh_response(slice_of(dns, 12 + stream % 500));

    http_respond(d->http, stream, &response);
}

static inline void desk_requested(void *arg, const struct http_request *request)
{
    struct desk *d = arg;
    struct slice message = { 0 };
    unsigned status = doh_read(request, "/dns-query", d->room, sizeof d->room, &message);

    if (status != 200) {
        const struct http_response refusal = doh_refusal(status);

        http_respond(d->http, request->stream, &refusal);
    } else if (d->is_slow && d->waiting_count < DESK_WAITING_MAX) {
        d->waiting[d->waiting_count++] = request->stream;
    } else {
        desk_answer(d, request->stream);
    }
}

static inline void desk_cancelled(void *arg, uint32_t stream)
{
    struct desk *d = arg;

    for (unsigned i = 0; i < d->waiting_count; i++)
        if (d->waiting[i] == stream)
            d->waiting[i] = d->waiting[--d->waiting_count];
}

static inline bool desk_write(struct desk *d)
{
    struct buffer out = { 0 };
    size_t before;
    err_t err;

    do {
        before = out.len;
        err = http_write(d->http, &out, 1 << 20);
    } while (err == OK && out.len > before);
    buffer_done(&out);
    return err == OK && !http_is_over(d->http);
}

/* The piece is freed at once: whatever was kept of it must be a copy. */
static inline bool desk_feed(struct desk *d, struct slice piece)
{
    uint8_t *copy = malloc(piece.len);
    unsigned due = d->waiting_count;

    memcpy(copy, piece.data, piece.len);
    http_feed(d->http, slice_of(copy, piece.len));
    free(copy);
    for (; due > 0 && d->waiting_count > 0; due--)
        desk_answer(d, d->waiting[--d->waiting_count]);
    if (http_held(d->http) > DESK_HELD_MAX)
        abort();
    return desk_write(d);
}

static inline int desk_run(const struct http_ops *kind, struct slice input)
{
    static const struct http_handler handler = { .requested = desk_requested,
                                                 .cancelled = desk_cancelled };
    static struct desk desk;
    size_t piece = input.len > 0 ? (size_t)input.data[0] + 1 : 0;

    desk.waiting_count = 0;
    if (input.len < 2 || http_open(&desk.http, kind, &handler, &desk) != OK)
        return 0;
    desk.is_slow = input.data[0] & 1;
    input = slice_after(input, 1);
    while (input.len > 0 &&
           desk_feed(&desk, slice_of(input.data, piece < input.len ? piece : input.len)))
        input = slice_after(input, piece);
    http_shut(desk.http);
    desk_write(&desk);
    http_free(&desk.http);
    return 0;
}

#endif
