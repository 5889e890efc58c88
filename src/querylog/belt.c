/* querylog/belt.c - records on their way from a worker to the thread that writes them.
 *
 * Called by: desk.c (a worker), querylog.c (the reader). Each record stands behind its length; a
 * length of 0 says that the next one is at the start of the belt.
 */
#include "querylog/belt.h"

#include <stdlib.h>

#define HEAD 8     /* the length of what follows, and of itself */
#define WARM 65536 /* bytes that may be used before an empty belt begins anew */

err_t belt_init(struct belt *r, size_t size)
{
    uint8_t *bytes = aligned_alloc(64, size);

    if (!bytes)
        return ERR_NOMEM;
    *r = (struct belt){ .bytes = bytes, .size = size, .skipped_from = SIZE_MAX };
    return OK;
}

void belt_done(struct belt *r)
{
    free(r->bytes);
    r->bytes = NULL;
}

static size_t place_of(const struct belt *r, size_t at)
{
    return at & (r->size - 1);
}

static size_t rounded(size_t len)
{
    return (len + HEAD + 7) & ~(size_t)7;
}

static void put_length(const struct belt *r, size_t at, uint64_t len)
{
    memcpy(r->bytes + place_of(r, at), &len, sizeof len);
}

static uint64_t length_at(const struct belt *r, size_t at)
{
    uint64_t len;

    memcpy(&len, r->bytes + place_of(r, at), sizeof len);
    return len;
}

static bool has_room(struct belt *r, size_t end)
{
    size_t released;

    if (end - r->released_seen <= r->size)
        return true;
    released = atomic_load_explicit(&r->released, memory_order_acquire);
    if (released - r->released_seen <= r->size) /* it may not have heard of begin_anew yet */
        r->released_seen = released;
    return end - r->released_seen <= r->size;
}

static bool is_empty(const struct belt *r)
{
    return atomic_load_explicit(&r->written, memory_order_relaxed) == r->filled &&
           atomic_load_explicit(&r->released, memory_order_acquire) == r->filled;
}

/* An empty belt is used from its start again: those bytes are still in the processor's cache, the
 * ones farther on are not. The reader has passed the last such place: else it were not empty. */
static void begin_anew(struct belt *r)
{
    atomic_store_explicit(&r->skipped_from, r->filled, memory_order_relaxed);
    r->filled += r->size - place_of(r, r->filled);
    r->released_seen = r->filled;
}

void *belt_reserve(struct belt *r, size_t len)
{
    size_t left, wanted = rounded(len);

    if (wanted > r->size / 4)
        return NULL;
    if (place_of(r, r->filled) >= WARM && is_empty(r))
        begin_anew(r);
    left = r->size - place_of(r, r->filled);
    if (!has_room(r, r->filled + wanted + (wanted > left ? left : 0)))
        return NULL;
    if (wanted > left) {
        put_length(r, r->filled, 0);
        r->filled += left;
    }
    return r->bytes + place_of(r, r->filled) + HEAD;
}

void belt_keep(struct belt *r, size_t len)
{
    put_length(r, r->filled, len);
    r->filled += rounded(len);
}

void belt_commit(struct belt *r)
{
    atomic_store_explicit(&r->written, r->filled, memory_order_release);
}

/* The record at `at`, or empty, and moves behind it. */
static struct slice record_at(const struct belt *r, size_t *at, size_t end)
{
    size_t skipped = atomic_load_explicit(&r->skipped_from, memory_order_relaxed);

    while (*at != end) {
        size_t place = place_of(r, *at);
        uint64_t len = *at == skipped ? 0 : length_at(r, *at);

        if (len > 0) {
            *at += rounded(len);
            return slice_of(r->bytes + place + HEAD, len);
        }
        *at += r->size - place;
    }
    return (struct slice){ 0 };
}

void *belt_kept(const struct belt *r, size_t *at)
{
    struct slice record = record_at(r, at, r->filled);

    return record.len > 0 ? r->bytes + (record.data - r->bytes) : NULL;
}

struct slice belt_next(struct belt *r)
{
    return record_at(r, &r->next, atomic_load_explicit(&r->written, memory_order_acquire));
}

struct slice belt_peek(const struct belt *r, size_t *at, size_t end)
{
    while (r->bytes && *at < end) {
        const size_t place = place_of(r, *at), room = r->size - place;
        const uint64_t len = length_at(r, *at);

        if (len > r->size / 4 || (len > 0 && rounded(len) > room))
            break;
        *at += len > 0 ? rounded(len) : room;
        if (len > 0)
            return slice_of(r->bytes + place + HEAD, len);
    }
    *at = end;
    return (struct slice){ 0 };
}

void belt_release(struct belt *r)
{
    atomic_store_explicit(&r->released, r->next, memory_order_release);
}
