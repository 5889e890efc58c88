/* querylog/recorder.c - the last records, kept in memory.
 *
 * Called by: querylog.c (written, read), crash.c (read).
 */
#include "querylog/recorder.h"

#include "base/random.h"

#include <stdlib.h>

err_t recorder_new(struct recorder **ret_recorder, size_t size)
{
    struct recorder *r = malloc(sizeof *r + size);
    struct random random = { 0 };

    if (!r)
        return ERR_NOMEM;
    r->size = size;
    r->format = format_find("json");
    r->stream = random_u64(&random);
    r->lines = 0;
    atomic_init(&r->reserved, 0);
    atomic_init(&r->written, 0);
    *ret_recorder = r;
    return OK;
}

void recorder_free(struct recorder **r)
{
    free(*r);
    *r = NULL;
}

void recorder_format(const struct recorder *r, const struct log_view *view, uint64_t lost,
                     struct pen *scratch)
{
    const struct stamp stamp = stamp_of_all(r->stream, r->lines + 1, lost);

    *scratch = pen_on(scratch->start, (size_t)(scratch->end - scratch->start));
    r->format->write(scratch, view, &stamp, 0);
}

static void put(struct recorder *r, struct slice line)
{
    const uint64_t at = atomic_load_explicit(&r->written, memory_order_relaxed);
    const size_t place = (size_t)(at % r->size), room = r->size - place;
    const size_t first = line.len < room ? line.len : room;

    atomic_store(&r->reserved, at + line.len); /* before a byte is overwritten */
    memcpy(r->bytes + place, line.data, first);
    memcpy(r->bytes, line.data + first, line.len - first);
    atomic_store_explicit(&r->written, at + line.len, memory_order_release);
}

void recorder_write(struct recorder *r, const struct log_view *view,
                    const struct belt_losses *belts, struct pen *scratch)
{
    if (view->head->kind != RECORD_QUERY)
        return;
    recorder_format(r, view, belts->queries, scratch);
    if (scratch->is_too_long || pen_slice(scratch).len > r->size)
        return;
    put(r, pen_slice(scratch));
    r->lines++;
}

/* Where the oldest line begins that is whole. */
static uint64_t first_line(const struct recorder *r, uint64_t end)
{
    const uint64_t reserved = atomic_load(&r->reserved);
    uint64_t at = reserved > r->size ? reserved - r->size : 0;

    if (at == 0)
        return 0;
    while (at < end && r->bytes[at % r->size] != '\n')
        at++;
    return at < end ? at + 1 : end;
}

void recorder_read(const struct recorder *r, recorder_fn *take, void *arg)
{
    const uint64_t end = atomic_load_explicit(&r->written, memory_order_acquire);

    for (uint64_t at = first_line(r, end); at < end;) {
        const size_t place = (size_t)(at % r->size), room = r->size - place;
        const size_t len = end - at < room ? (size_t)(end - at) : room;

        take(arg, slice_of(r->bytes + place, len));
        at += len;
    }
}
