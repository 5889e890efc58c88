#ifndef UPSTREAM_FRAMING_H
#define UPSTREAM_FRAMING_H

#include "base/buffer.h"
#include "codec/frame.h"

struct channel;

/* Messages over a byte stream (RFC 7766 section 8), in both directions. Zero it before its first
 * use. */
struct framing {
    struct buffer out; /* queries with their lengths, not yet sent */
    struct frame in;
    bool has_asked; /* a query was appended */
};

/* Appends `query`, padded to a multiple of `block` bytes unless that is 0. The first one asks how
 * long the connection may be idle (RFC 7828). */
err_t framing_append(struct framing *f, struct slice query, size_t block);

/* Tells `c` each message that `bytes` complete. ERR_NOMEM when the stream cannot be followed. */
err_t framing_take(struct framing *f, struct slice bytes, struct channel *c);
void framing_done(struct framing *f);

#endif
