#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A borrowed run of bytes; the owner outlives it. */
struct slice {
    const uint8_t *data;
    size_t len;
};

static inline struct slice slice_of(const void *data, size_t len)
{
    return (struct slice){ data, len };
}

static inline bool slice_equal(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* What is left of `s` behind its first `len` bytes; empty when there are fewer. */
static inline struct slice slice_after(struct slice s, size_t len)
{
    return len < s.len ? (struct slice){ s.data + len, s.len - len } : (struct slice){ 0 };
}

#endif
