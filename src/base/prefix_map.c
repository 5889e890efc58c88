/* base/prefix_map.c - blocks of addresses, and what they stand for.
 *
 * Called by: policy (who may ask). Blocks lie apart or one in the other, so the addresses fall into
 * ranges with one value each: they are cut once, and a look-up is a binary search.
 */
#include "base/prefix_map.h"

#include <arpa/inet.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#define NOTHING   UINT32_MAX
#define DEPTH_MAX 130 /* blocks in each other, and all addresses around them */

/* An address as a number; one of IPv4 has its bits at the top. */
typedef unsigned __int128 number;

/* From here to the next range. */
struct range {
    number start;
    uint32_t value;
};

struct ranges {
    struct range *items;
    size_t count;
};

struct prefix_map {
    struct ranges v4, v6;
};

static number number_of(const uint8_t bytes[16])
{
    uint64_t high, low;

    memcpy(&high, bytes, sizeof high);
    memcpy(&low, bytes + sizeof high, sizeof low);
    return (number)be64toh(high) << 64 | be64toh(low);
}

static number start_of(const struct prefix *p)
{
    return number_of(p->bytes);
}

static number end_of(const struct prefix *p)
{
    return start_of(p) | (p->bits < 128 ? ~(number)0 >> p->bits : 0);
}

struct sorted {
    struct prefix_value item;
    size_t place;
};

/* Outer blocks before inner ones, equal ones as they were written. */
static int compare(const void *left, const void *right)
{
    const struct sorted *a = left, *b = right;
    number start_a = start_of(&a->item.prefix), start_b = start_of(&b->item.prefix);

    if (start_a != start_b)
        return start_a < start_b ? -1 : 1;
    if (a->item.prefix.bits != b->item.prefix.bits)
        return a->item.prefix.bits < b->item.prefix.bits ? -1 : 1;
    return a->place < b->place ? -1 : 1;
}

static void begin_range(struct ranges *r, number start, uint32_t value)
{
    if (r->count > 0 && r->items[r->count - 1].start == start)
        r->count--;
    r->items[r->count++] = (struct range){ start, value };
}

/* `open` are the blocks that cover the place, outermost first. */
static void cut(struct ranges *r, const struct sorted *list, size_t count)
{
    const struct prefix_value *open[DEPTH_MAX];
    size_t depth = 0;

    begin_range(r, 0, NOTHING);
    for (size_t i = 0; i <= count; i++) {
        const struct prefix_value *next = i < count ? &list[i].item : NULL;

        while (depth > 0 && (!next || end_of(&open[depth - 1]->prefix) < start_of(&next->prefix))) {
            number end = end_of(&open[--depth]->prefix);

            if (end != ~(number)0)
                begin_range(r, end + 1, depth > 0 ? open[depth - 1]->value : NOTHING);
        }
        if (!next)
            return;
        if (depth > 0 && open[depth - 1]->prefix.bits == next->prefix.bits)
            depth--; /* the same block again */
        open[depth++] = next;
        begin_range(r, start_of(&next->prefix), next->value);
    }
}

static err_t make_ranges(struct ranges *r, sa_family_t family, const struct prefix_value *items,
                         size_t count)
{
    struct sorted *list = malloc((count + 1) * sizeof *list);
    size_t taken = 0;

    r->items = malloc((2 * count + 1) * sizeof *r->items);
    if (!list || !r->items) {
        free(list);
        return ERR_NOMEM;
    }
    for (size_t i = 0; i < count; i++)
        if (items[i].prefix.family == family)
            list[taken++] = (struct sorted){ items[i], i };
    qsort(list, taken, sizeof *list, compare);
    cut(r, list, taken);
    free(list);
    return OK;
}

err_t prefix_map_new(struct prefix_map **ret_map, const struct prefix_value *items, size_t count)
{
    struct prefix_map *m = calloc(1, sizeof *m);

    if (!m)
        return ERR_NOMEM;
    if (make_ranges(&m->v4, AF_INET, items, count) != OK ||
        make_ranges(&m->v6, AF_INET6, items, count) != OK) {
        prefix_map_free(&m);
        return ERR_NOMEM;
    }
    *ret_map = m;
    return OK;
}

void prefix_map_free(struct prefix_map **m)
{
    if (!*m)
        return;
    free((*m)->v4.items);
    free((*m)->v6.items);
    free(*m);
    *m = NULL;
}

bool prefix_map_find(const struct prefix_map *m, const union addr *addr, uint32_t *ret_value)
{
    bool is_v6 = addr->any.sa_family == AF_INET6;
    const struct ranges *r = is_v6 ? &m->v6 : &m->v4;
    number n = is_v6 ? number_of(addr->v6.sin6_addr.s6_addr)
                     : (number)ntohl(addr->v4.sin_addr.s_addr) << 96;
    size_t low = 0, high = r->count;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;

        if (r->items[middle].start <= n)
            low = middle;
        else
            high = middle;
    }
    if (r->items[low].value == NOTHING)
        return false;
    *ret_value = r->items[low].value;
    return true;
}
