/* upstream/tell.c - what people are told of an upstream.
 *
 * Called by: upstream.c. One line when it fails and one when it is back, for all workers together,
 * and no more than one a minute however often that happens.
 */
#include "upstream/tell.h"

#include "io/loop.h"
#include "log/log.h"
#include "upstream/roster.h"
#include "upstream/server_stats.h"
#include "upstream/set.h"

static uint64_t now_ns(const struct upstream *u)
{
    return loop_now_ns(u->set->context->loop);
}

void tell_failed(struct upstream *u, enum phase phase, const char *reason)
{
    struct server *server = u->server;
    uint64_t held_back;

    server_is_worse(u->stats, SERVER_IS_DOWN, phase, reason, now_ns(u));
    log_event(EVENT_connection_failed, "upstream=%s phase=%s reason=\"%s\"", server->url,
              phase_name(phase), reason);
    if (!log_gate_opens(&server->gate, now_ns(u), &held_back))
        return;
    atomic_store(&server->is_told_failed, true);
    log_event(EVENT_upstream_failed, "upstream=%s phase=%s reason=\"%s\" more=%llu", server->url,
              phase_name(phase), reason, (unsigned long long)held_back);
}

void tell_suspect(struct upstream *u, enum phase phase, const char *reason)
{
    if (!u->health.is_open || u->health.failures == 0)
        server_is_worse(u->stats, SERVER_IS_SUSPECT, phase, reason, now_ns(u));
}

void tell_well(struct upstream *u)
{
    server_is(u->stats, SERVER_IS_UP, now_ns(u));
    if (atomic_load(&u->server->is_told_failed) &&
        atomic_exchange(&u->server->is_told_failed, false))
        log_event(EVENT_upstream_back, "upstream=%s", u->server->url);
}

void tell_unknown(struct upstream *u)
{
    server_is_worse(u->stats, SERVER_IS_UNKNOWN, PHASE_QUEUE, "its name is not resolved",
                    now_ns(u));
}

void tell_known(struct upstream *u)
{
    server_is(u->stats, SERVER_IS_UNTRIED, now_ns(u));
}
