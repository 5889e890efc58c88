#ifndef CODEC_FRAME_H
#define CODEC_FRAME_H

#include "base/slice.h"

/* Cuts a byte stream into DNS messages. Holds memory only while a message is half read. */
struct frame {
    uint8_t *partial; /* a message as it arrived, its two length bytes first */
    size_t have, size;
    bool failed; /* out of memory: the stream cannot be followed any further */
};

void frame_init(struct frame *f);
void frame_done(struct frame *f);

/* The next whole message of `*bytes`, which moves on behind it. False when more bytes are needed:
 * `*bytes` is empty then, and what was left of it is kept. The message is borrowed: it lies in
 * `*bytes` or, if it came in pieces, in the frame until the next call. It may be of any length from
 * 0 to 65535; the caller judges. */
bool frame_next(struct frame *f, struct slice *bytes, struct slice *ret_message);

/* Whether the stream would end inside a message if it ended now. */
bool frame_is_partial(const struct frame *f);

/* Bytes of memory held, for budgets. */
size_t frame_held(const struct frame *f);

#endif
