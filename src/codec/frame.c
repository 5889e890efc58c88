/* codec/frame.c - the two-byte length before each message on a stream.
 *
 * RFC 1035 section 4.2.2; RFC 7766 section 8: a message may arrive in any pieces, and any number of
 * messages in one piece. Called by: whoever reads DNS from a stream (listen, upstream).
 * Owns: the bytes of the one message that is half read.
 */
#include "codec/frame.h"

#include <stdlib.h>

#define LENGTH_SIZE 2
#define HEADROOM    512 /* what is allocated ahead of what has arrived: most messages are shorter */

static size_t size_of_message(const uint8_t *length)
{
    return LENGTH_SIZE + ((size_t)length[0] << 8 | length[1]);
}

static void forget_partial(struct frame *f)
{
    free(f->partial);
    f->partial = NULL;
    f->have = f->size = 0;
}

/* How many bytes the gathered message will have, as far as is known. */
static size_t size_wanted(const struct frame *f)
{
    return f->have < LENGTH_SIZE ? LENGTH_SIZE : size_of_message(f->partial);
}

static bool is_whole(const struct frame *f)
{
    return f->have >= LENGTH_SIZE && f->have == size_of_message(f->partial);
}

/* The announced length is a stranger's claim: memory follows the bytes that have arrived. */
static bool make_room(struct frame *f, size_t more)
{
    size_t size = f->have + more;
    uint8_t *partial;

    if (size <= f->size)
        return true;
    size += HEADROOM;
    partial = realloc(f->partial, size);
    if (!partial)
        return false;
    f->partial = partial;
    f->size = size;
    return true;
}

/* Moves bytes of the message that is half read from `bytes` into it, and none behind it. */
static bool gather(struct frame *f, struct slice *bytes)
{
    while (!is_whole(f) && bytes->len > 0) {
        size_t wanted = size_wanted(f) - f->have;
        size_t taken = wanted < bytes->len ? wanted : bytes->len;

        if (!make_room(f, taken))
            return false;
        memcpy(f->partial + f->have, bytes->data, taken);
        f->have += taken;
        *bytes = slice_after(*bytes, taken);
    }
    return true;
}

void frame_init(struct frame *f)
{
    *f = (struct frame){ 0 };
}

void frame_done(struct frame *f)
{
    forget_partial(f);
}

bool frame_next(struct frame *f, struct slice *bytes, struct slice *ret_message)
{
    size_t size;

    if (f->failed)
        return false;
    if (is_whole(f)) /* handed out by the last call */
        forget_partial(f);

    if (f->have == 0 && bytes->len >= LENGTH_SIZE) {
        size = size_of_message(bytes->data);
        if (size <= bytes->len) {
            *ret_message = slice_of(bytes->data + LENGTH_SIZE, size - LENGTH_SIZE);
            *bytes = slice_after(*bytes, size);
            return true;
        }
    }

    if (!gather(f, bytes)) {
        forget_partial(f);
        f->failed = true;
        return false;
    }
    if (!is_whole(f))
        return false;
    *ret_message = slice_of(f->partial + LENGTH_SIZE, f->have - LENGTH_SIZE);
    return true;
}

bool frame_is_partial(const struct frame *f)
{
    return f->have > 0 && !is_whole(f);
}

size_t frame_held(const struct frame *f)
{
    return f->size;
}
