#ifndef BASE_READER_H
#define BASE_READER_H

#include "base/slice.h"

/* A cursor over bytes from a stranger. After its first failure it only yields zeroes. */
struct reader {
    const uint8_t *start, *next, *end;
    bool failed;
};

static inline struct reader reader_of(struct slice bytes)
{
    return (struct reader){ bytes.data, bytes.data, bytes.data + bytes.len, false };
}

static inline size_t reader_left(const struct reader *r)
{
    return r->failed ? 0 : (size_t)(r->end - r->next);
}

/* How far the cursor stands from the start. */
static inline size_t reader_offset(const struct reader *r)
{
    return (size_t)(r->next - r->start);
}

static inline struct slice read_bytes(struct reader *r, size_t len)
{
    struct slice bytes = { r->next, len };

    if (r->failed || len > (size_t)(r->end - r->next)) {
        r->failed = true;
        return (struct slice){ 0 };
    }
    r->next += len;
    return bytes;
}

static inline struct slice read_rest(struct reader *r)
{
    return read_bytes(r, reader_left(r));
}

static inline uint8_t read_u8(struct reader *r)
{
    struct slice b = read_bytes(r, 1);

    return b.data ? b.data[0] : 0;
}

static inline uint16_t read_u16(struct reader *r)
{
    struct slice b = read_bytes(r, 2);

    if (!b.data)
        return 0;
    return (uint16_t)(b.data[0] << 8 | b.data[1]);
}

static inline uint32_t read_u32(struct reader *r)
{
    struct slice b = read_bytes(r, 4);

    return b.data ? (uint32_t)b.data[0] << 24 | (uint32_t)b.data[1] << 16 |
                        (uint32_t)b.data[2] << 8 | b.data[3]
                  : 0;
}

#endif
