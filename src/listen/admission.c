/* listen/admission.c - how many connections, how many of one client, how many bytes.
 *
 * Called by: session.c, from every worker. The counters of clients are a count-min sketch
 * (Cormode and Muthukrishnan 2005) of two rows that also counts down.
 */
#include "listen/admission.h"

#include "base/hash.h"
#include "base/random.h"

#include <stdatomic.h>
#include <stdlib.h>

#define ROW_SIZE 65536

struct admission {
    struct hash_key key;
    _Atomic size_t connections, bytes;
    _Atomic uint32_t clients[2][ROW_SIZE];
};

struct cells {
    _Atomic uint32_t *first, *second;
};

static struct cells cells_of(struct admission *a, const union addr *client)
{
    bool v6 = client->any.sa_family == AF_INET6;
    struct slice host = v6 ? slice_of(&client->v6.sin6_addr, sizeof client->v6.sin6_addr)
                           : slice_of(&client->v4.sin_addr, sizeof client->v4.sin_addr);
    uint64_t hash = hash_bytes(&a->key, host);

    return (struct cells){ &a->clients[0][hash % ROW_SIZE],
                           &a->clients[1][hash / ROW_SIZE % ROW_SIZE] };
}

err_t admission_new(struct admission **ret_admission)
{
    struct admission *a = calloc(1, sizeof *a);
    struct random random = { 0 };

    if (!a)
        return ERR_NOMEM;
    a->key = (struct hash_key){ random_u64(&random), random_u64(&random) };
    *ret_admission = a;
    return OK;
}

void admission_free(struct admission **a)
{
    free(*a);
    *a = NULL;
}

bool admission_enter(struct admission *a, const union addr *client, size_t max,
                     size_t max_per_client)
{
    struct cells cells = cells_of(a, client);
    size_t all = atomic_fetch_add_explicit(&a->connections, 1, memory_order_relaxed) + 1;
    uint32_t first = atomic_fetch_add_explicit(cells.first, 1, memory_order_relaxed) + 1;
    uint32_t second = atomic_fetch_add_explicit(cells.second, 1, memory_order_relaxed) + 1;

    if (all <= max && (first <= max_per_client || second <= max_per_client))
        return true;
    admission_leave(a, client);
    return false;
}

void admission_leave(struct admission *a, const union addr *client)
{
    struct cells cells = cells_of(a, client);

    atomic_fetch_sub_explicit(&a->connections, 1, memory_order_relaxed);
    atomic_fetch_sub_explicit(cells.first, 1, memory_order_relaxed);
    atomic_fetch_sub_explicit(cells.second, 1, memory_order_relaxed);
}

bool admission_hold(struct admission *a, size_t before, size_t after, size_t max)
{
    size_t all;

    if (after == before)
        return true;
    if (after < before) {
        atomic_fetch_sub_explicit(&a->bytes, before - after, memory_order_relaxed);
        return true;
    }
    all = atomic_fetch_add_explicit(&a->bytes, after - before, memory_order_relaxed);
    if (all + (after - before) <= max)
        return true;
    atomic_fetch_sub_explicit(&a->bytes, after - before, memory_order_relaxed);
    return false;
}
