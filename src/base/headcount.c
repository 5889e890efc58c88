/* base/headcount.c - how many of each key are inside, in two rows of counters.
 *
 * Called by: listen (connections of clients), policy (questions that wait), from every worker.
 */
#include "base/headcount.h"

#include <stdatomic.h>
#include <stdlib.h>

struct headcount {
    size_t mask, size;
    _Atomic uint32_t cells[]; /* the first row, and the second */
};

err_t headcount_new(struct headcount **ret_headcount, size_t cells)
{
    struct headcount *h = calloc(1, sizeof *h + 2 * cells * sizeof h->cells[0]);

    if (!h)
        return ERR_NOMEM;
    h->mask = cells - 1;
    h->size = cells;
    *ret_headcount = h;
    return OK;
}

void headcount_free(struct headcount **h)
{
    free(*h);
    *h = NULL;
}

/* Each row has a half of the key. */
static size_t first(const struct headcount *h, uint64_t key)
{
    return (uint32_t)key & h->mask;
}

static size_t second(const struct headcount *h, uint64_t key)
{
    return h->size + (key >> 32 & h->mask);
}

static size_t lower(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

size_t headcount_enter(struct headcount *h, uint64_t key)
{
    uint32_t a = atomic_fetch_add_explicit(&h->cells[first(h, key)], 1, memory_order_relaxed);
    uint32_t b = atomic_fetch_add_explicit(&h->cells[second(h, key)], 1, memory_order_relaxed);

    return lower(a, b) + 1;
}

void headcount_leave(struct headcount *h, uint64_t key)
{
    atomic_fetch_sub_explicit(&h->cells[first(h, key)], 1, memory_order_relaxed);
    atomic_fetch_sub_explicit(&h->cells[second(h, key)], 1, memory_order_relaxed);
}

size_t headcount_of(const struct headcount *h, uint64_t key)
{
    return lower(atomic_load_explicit(&h->cells[first(h, key)], memory_order_relaxed),
                 atomic_load_explicit(&h->cells[second(h, key)], memory_order_relaxed));
}
