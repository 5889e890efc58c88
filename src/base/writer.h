#ifndef BASE_WRITER_H
#define BASE_WRITER_H

#include "base/slice.h"

/* A cursor over room of our own. After the first write that does not fit it writes no more. */
struct writer {
    uint8_t *start, *next, *end;
    bool failed;
};

static inline struct writer writer_of(void *room, size_t size)
{
    return (struct writer){ room, room, (uint8_t *)room + size, false };
}

static inline size_t writer_len(const struct writer *w)
{
    return (size_t)(w->next - w->start);
}

static inline struct slice writer_slice(const struct writer *w)
{
    return (struct slice){ w->start, writer_len(w) };
}

/* Room for `len` bytes that the caller fills, or NULL. */
static inline uint8_t *write_room(struct writer *w, size_t len)
{
    uint8_t *room = w->next;

    if (w->failed || len > (size_t)(w->end - w->next)) {
        w->failed = true;
        return NULL;
    }
    w->next += len;
    return room;
}

static inline void write_bytes(struct writer *w, struct slice bytes)
{
    uint8_t *room = write_room(w, bytes.len);

    if (room && bytes.len)
        memcpy(room, bytes.data, bytes.len);
}

static inline void write_zeroes(struct writer *w, size_t len)
{
    uint8_t *room = write_room(w, len);

    if (room)
        memset(room, 0, len);
}

static inline void put_u16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static inline void write_u8(struct writer *w, uint8_t value)
{
    write_bytes(w, slice_of(&value, 1));
}

static inline void write_u16(struct writer *w, uint16_t value)
{
    uint8_t *room = write_room(w, 2);

    if (room)
        put_u16(room, value);
}

static inline void write_u32(struct writer *w, uint32_t value)
{
    write_u16(w, (uint16_t)(value >> 16));
    write_u16(w, (uint16_t)value);
}

#endif
