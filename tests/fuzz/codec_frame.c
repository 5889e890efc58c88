/* tests/fuzz/codec_frame.c - a stream cut into arbitrary pieces, against a model that sees all of
 * it.
 *
 * The first bytes of the input are the sizes of the pieces, as many as the very first byte says;
 * the rest is the stream.
 */
#include "codec/frame.h"

#include <stdlib.h>

/* What comes next of the whole stream, by the plainest reading of RFC 1035 section 4.2.2. */
static bool model_next(struct slice *stream, struct slice *ret_message)
{
    size_t len;

    if (stream->len < 2)
        return false;
    len = (size_t)(stream->data[0] * 256 + stream->data[1]);
    if (stream->len - 2 < len)
        return false;
    *ret_message = slice_of(stream->data + 2, len);
    *stream = slice_after(*stream, 2 + len);
    return true;
}

static void check(bool claim)
{
    if (!claim)
        abort();
}

/* The piece is freed at once: whatever the frame kept of it must be its own. */
static void feed(struct frame *f, struct slice piece, struct slice *model)
{
    uint8_t *copy = malloc(piece.len + 1);
    struct slice bytes = slice_of(copy, piece.len), message, expected;

    memcpy(copy, piece.data, piece.len);
    while (frame_next(f, &bytes, &message)) {
        check(model_next(model, &expected));
        check(slice_equal(message, expected));
    }
    check(bytes.len == 0);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t cuts = size > 0 && data[0] < size ? data[0] : 0;
    struct slice stream, model, left;
    struct frame f;

    if (size == 0)
        return 0;
    stream = model = slice_of(data + 1 + cuts, size - 1 - cuts);
    frame_init(&f);
    for (size_t i = 0, fed = 0; fed < stream.len; i++) {
        size_t piece = cuts > 0 ? data[1 + i % cuts] + (size_t)(i % cuts == 0) : stream.len;

        piece = piece < stream.len - fed ? piece : stream.len - fed;
        feed(&f, slice_of(stream.data + fed, piece), &model);
        fed += piece;
        check(frame_held(&f) <= fed + 512);
    }
    check(!model_next(&model, &left));
    check(frame_is_partial(&f) == (model.len > 0));
    frame_done(&f);
    return 0;
}
