/* listen/admission.c - how many connections, how many of one client and network, how many bytes.
 *
 * Called by: session.c and its family, from every worker; the control room.
 */
#include "listen/admission.h"

#include "base/gcra.h"
#include "base/hash.h"
#include "base/headcount.h"
#include "base/prefix.h"
#include "base/random.h"

#include <stdatomic.h>
#include <stdlib.h>

#define CELLS 131072 /* more than there are connections, mostly */

struct admission {
    struct hash_key key;
    _Atomic size_t connections, bytes;
    struct headcount *clients; /* and networks */
    struct gcra *handshakes;
    struct overload overload;
};

/* Of the client, and of its network. */
struct keys {
    uint64_t client, network;
};

static struct keys keys_of(const struct admission *a, const union addr *client)
{
    bool is_v6 = client->any.sa_family == AF_INET6;

    return (struct keys){ prefix_hash(&a->key, client, is_v6 ? 64 : 32, 0),
                          prefix_hash(&a->key, client, is_v6 ? 48 : 24, 0) };
}

err_t admission_new(struct admission **ret_admission)
{
    struct admission *a = calloc(1, sizeof *a);
    struct random random = { 0 };

    if (!a)
        return ERR_NOMEM;
    a->key = (struct hash_key){ random_u64(&random), random_u64(&random) };
    if (headcount_new(&a->clients, CELLS) != OK || gcra_new(&a->handshakes, 1) != OK) {
        admission_free(&a);
        return ERR_NOMEM;
    }
    *ret_admission = a;
    return OK;
}

void admission_free(struct admission **admission)
{
    struct admission *a = *admission;

    *admission = NULL;
    if (!a)
        return;
    headcount_free(&a->clients);
    gcra_free(&a->handshakes);
    free(a);
}

bool admission_enter(struct admission *a, const union addr *client,
                     const struct limit_config *limits, bool is_many)
{
    struct keys keys = keys_of(a, client);
    size_t all = atomic_fetch_add_explicit(&a->connections, 1, memory_order_relaxed) + 1;
    size_t of_client = headcount_enter(a->clients, keys.client);
    size_t of_network = headcount_enter(a->clients, keys.network);
    bool is_few = of_client <= limits->tcp_connections_per_client &&
                  of_network <= limits->tcp_connections_per_network;

    overload_note(&a->overload, SCARCE_connections, all, limits->tcp_connections);
    if (all <= limits->tcp_connections && (is_many || is_few))
        return true;
    admission_leave(a, client, limits);
    return false;
}

void admission_leave(struct admission *a, const union addr *client,
                     const struct limit_config *limits)
{
    struct keys keys = keys_of(a, client);
    size_t all = atomic_fetch_sub_explicit(&a->connections, 1, memory_order_relaxed) - 1;

    headcount_leave(a->clients, keys.client);
    headcount_leave(a->clients, keys.network);
    overload_note(&a->overload, SCARCE_connections, all, limits->tcp_connections);
}

bool admission_hold(struct admission *a, size_t before, size_t after, size_t max)
{
    size_t all;

    if (after == before)
        return true;
    if (after < before) {
        all = atomic_fetch_sub_explicit(&a->bytes, before - after, memory_order_relaxed);
        overload_note(&a->overload, SCARCE_buffers, all - (before - after), max);
        return true;
    }
    all = atomic_fetch_add_explicit(&a->bytes, after - before, memory_order_relaxed);
    overload_note(&a->overload, SCARCE_buffers, all + (after - before), max);
    if (all + (after - before) <= max)
        return true;
    atomic_fetch_sub_explicit(&a->bytes, after - before, memory_order_relaxed);
    return false;
}

bool admission_shakes_hands(struct admission *a, const struct limit_config *limits, uint64_t now_ns)
{
    const struct gcra_rate a_second =
        gcra_rate_of(limits->overload_handshakes, limits->overload_handshakes);

    return !overload_is_on(&a->overload) ||
           gcra_take(a->handshakes, a->key.k0, &a_second, 1, now_ns);
}

struct overload *admission_overload(struct admission *a)
{
    return &a->overload;
}

size_t admission_connections(const struct admission *a)
{
    return atomic_load_explicit(&a->connections, memory_order_relaxed);
}

size_t admission_bytes(const struct admission *a)
{
    return atomic_load_explicit(&a->bytes, memory_order_relaxed);
}
