/* upstream/tell.c - what people are told of an upstream.
 *
 * Called by: upstream.c. One line when it fails and one when it is back, for all workers together,
 * and no more than one a minute however often that happens.
 */
#include "upstream/tell.h"

#include "io/loop.h"
#include "log/log.h"
#include "upstream/roster.h"
#include "upstream/set.h"

static uint64_t now_ns(const struct upstream *u)
{
    return loop_now_ns(u->set->context->loop);
}

void tell_failed(struct upstream *u, enum phase phase, const char *reason)
{
    struct server *server = u->server;
    uint64_t held_back;

    log_event(EVENT_connection_failed, "upstream=%s phase=%s reason=\"%s\"", server->url,
              phase_name(phase), reason);
    if (!log_gate_opens(&server->gate, now_ns(u), &held_back))
        return;
    atomic_store(&server->is_told_failed, true);
    log_event(EVENT_upstream_failed, "upstream=%s phase=%s reason=\"%s\" more=%llu", server->url,
              phase_name(phase), reason, (unsigned long long)held_back);
}

void tell_back(struct upstream *u)
{
    if (atomic_load(&u->server->is_told_failed) &&
        atomic_exchange(&u->server->is_told_failed, false))
        log_event(EVENT_upstream_back, "upstream=%s", u->server->url);
}

void tell_state(struct upstream *u, enum server_state state)
{
    struct server_stats *stats = u->stats;

    if (atomic_load_explicit(&stats->state, memory_order_relaxed) == state)
        return;
    atomic_store_explicit(&stats->state, state, memory_order_relaxed);
    atomic_store_explicit(&stats->changed_ns, now_ns(u), memory_order_relaxed);
}
