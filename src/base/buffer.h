#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include "base/err.h"
#include "base/slice.h"

/* Bytes that are appended at one end and consumed at the other. Zero it before its first use. */
struct buffer {
    uint8_t *data;
    size_t start, len, size;
};

/* Room for `len` more bytes behind the last one, or NULL; they count once buffer_filled says so. */
uint8_t *buffer_room(struct buffer *b, size_t len);
void buffer_filled(struct buffer *b, size_t len);
err_t buffer_append(struct buffer *b, struct slice bytes);

struct slice buffer_slice(const struct buffer *b);

/* Takes `len` bytes from the front. Once it is empty it gives back memory of more than `keep`
 * bytes. */
void buffer_consume(struct buffer *b, size_t len, size_t keep);
void buffer_done(struct buffer *b);

#endif
