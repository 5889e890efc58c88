/* upstream/path.c - the machine has moved, or slept: which connections have lost their way.
 *
 * Called by: set.c (questions, and what the worker hears from the kernel). A connection whose local
 * address is no more the one that the kernel would use is dead, and nobody would tell for minutes.
 */
#include "upstream/path.h"

#include "base/clock.h"
#include "io/loop.h"
#include "io/socket.h"
#include "upstream/bootstrap.h"
#include "upstream/channel.h"
#include "upstream/roster.h"
#include "upstream/set.h"

#define LOOK_NS      (250 * NS_PER_MS)
#define SLEPT_MIN_NS (5 * NS_PER_S) /* a peer may be gone then; before, silence tells */

static bool has_lost_way(const struct channel *c)
{
    union addr source, local;

    if (!c->ops->local || !c->is_ready)
        return false;
    if (socket_source(&c->peer, &source) != OK)
        return true;
    c->ops->local(c, &local);
    return !addr_equal(&source, &local);
}

static void check(struct upstream *u, bool all_are_lost)
{
    upstream_tries_again(u);
    list_for_each (node, &u->channels) {
        struct channel *c = LIST_OF(node, struct channel, link);

        if (!c->is_suspect && (all_are_lost ? c->is_ready && c->ops->local : has_lost_way(c)))
            upstream_abandons(u, c);
    }
}

static void check_all(struct upstream_set *s, bool all_are_lost)
{
    for (size_t i = 0; i < s->roster->count; i++)
        check(&s->upstreams[i], all_are_lost);
    bootstrap_hurries(s->bootstrap);
}

void path_check(struct upstream_set *s)
{
    check_all(s, false);
}

void path_look(struct upstream_set *s)
{
    uint64_t now_ns = loop_now_ns(s->context->loop), awake_ns, slept_ns;
    bool is_first = s->path.looked_ns == 0;

    if (!is_first && now_ns - s->path.looked_ns < LOOK_NS)
        return;
    awake_ns = clock_monotonic_ns(); /* first: where nobody ever slept the clocks are equal */
    slept_ns = clock_boot_ns() - awake_ns;
    if (!is_first && slept_ns > s->path.slept_ns + SLEPT_MIN_NS)
        check_all(s, true);
    s->path = (struct path){ now_ns, slept_ns };
}
