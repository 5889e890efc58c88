/* base/buffer.c - a queue of bytes in one piece. */
#include "base/buffer.h"

#include <stdlib.h>

#define SIZE_MIN_GROWN 512

uint8_t *buffer_room(struct buffer *b, size_t len)
{
    size_t size = b->size ? b->size : SIZE_MIN_GROWN;
    uint8_t *data;

    if (b->start + b->len + len <= b->size)
        return b->data + b->start + b->len;
    if (b->start > 0) {
        memmove(b->data, b->data + b->start, b->len);
        b->start = 0;
    }
    while (size < b->len + len)
        size *= 2;
    if (size > b->size) {
        data = realloc(b->data, size);
        if (!data)
            return NULL;
        b->data = data;
        b->size = size;
    }
    return b->data + b->len;
}

void buffer_filled(struct buffer *b, size_t len)
{
    b->len += len;
}

err_t buffer_append(struct buffer *b, struct slice bytes)
{
    uint8_t *room;

    if (bytes.len == 0)
        return OK;
    room = buffer_room(b, bytes.len);
    if (!room)
        return ERR_NOMEM;
    memcpy(room, bytes.data, bytes.len);
    buffer_filled(b, bytes.len);
    return OK;
}

struct slice buffer_slice(const struct buffer *b)
{
    return b->len ? slice_of(b->data + b->start, b->len) : (struct slice){ 0 };
}

void buffer_consume(struct buffer *b, size_t len, size_t keep)
{
    b->start += len;
    b->len -= len;
    if (b->len > 0)
        return;
    b->start = 0;
    if (b->size > keep)
        buffer_done(b);
}

void buffer_done(struct buffer *b)
{
    free(b->data);
    *b = (struct buffer){ 0 };
}
