/* querylog/belt.c - records on their way from a worker to the thread that writes them.
 *
 * Called by: desk.c (a worker), writer.c (the reader). Each record stands behind its length; a
 * length of 0 says that the next one is at the start of the belt.
 */
#include "querylog/belt.h"

#include <stdlib.h>

#define HEAD 8 /* the length of what follows, and of itself */

err_t belt_init(struct belt *r, size_t size)
{
    uint8_t *bytes = aligned_alloc(64, size);

    if (!bytes)
        return ERR_NOMEM;
    *r = (struct belt){ .bytes = bytes, .size = size };
    return OK;
}

void belt_done(struct belt *r)
{
    free(r->bytes);
    r->bytes = NULL;
}

static size_t rounded(size_t len)
{
    return (len + HEAD + 7) & ~(size_t)7;
}

static void put_length(const struct belt *r, size_t at, uint64_t len)
{
    memcpy(r->bytes + (at & (r->size - 1)), &len, sizeof len);
}

static bool has_room(struct belt *r, size_t end)
{
    if (end - r->released_seen <= r->size)
        return true;
    r->released_seen = atomic_load_explicit(&r->released, memory_order_acquire);
    return end - r->released_seen <= r->size;
}

void *belt_reserve(struct belt *r, size_t len)
{
    size_t at = atomic_load_explicit(&r->written, memory_order_relaxed);
    size_t left = r->size - (at & (r->size - 1)), wanted = rounded(len);

    if (wanted > r->size / 4 || !has_room(r, at + wanted + (wanted > left ? left : 0)))
        return NULL;
    if (wanted > left) {
        put_length(r, at, 0);
        at += left;
        atomic_store_explicit(&r->written, at, memory_order_release);
    }
    return r->bytes + (at & (r->size - 1)) + HEAD;
}

void belt_commit(struct belt *r, size_t len)
{
    size_t at = atomic_load_explicit(&r->written, memory_order_relaxed);

    put_length(r, at, len);
    atomic_store_explicit(&r->written, at + rounded(len), memory_order_release);
}

struct slice belt_next(struct belt *r)
{
    size_t written = atomic_load_explicit(&r->written, memory_order_acquire);

    while (r->next != written) {
        size_t place = r->next & (r->size - 1);
        uint64_t len;

        memcpy(&len, r->bytes + place, sizeof len);
        if (len > 0) {
            r->next += rounded(len);
            return slice_of(r->bytes + place + HEAD, len);
        }
        r->next += r->size - place;
    }
    return (struct slice){ 0 };
}

void belt_release(struct belt *r)
{
    atomic_store_explicit(&r->released, r->next, memory_order_release);
}
