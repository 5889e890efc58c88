/* upstream/upstream_doubt.c - an upstream that is silent, says SERVFAIL, or is tried again.
 *
 * Called by: watch.c, path.c (connections), flight.c (what responses say, probes).
 */
#include "upstream/upstream.h"

#include "io/loop.h"
#include "metrics/metrics.h"
#include "upstream/channel.h"
#include "upstream/flight.h"
#include "upstream/roster.h"
#include "upstream/server_stats.h"
#include "upstream/set.h"
#include "upstream/tell.h"

static uint64_t now_ns(const struct upstream *u)
{
    return loop_now_ns(u->set->context->loop);
}

static void count(const struct upstream *u, enum metric metric, enum server_count which)
{
    metrics_count(u->set->context->metrics, metric);
    server_counts(u->stats, which);
}

void upstream_is_blamed(struct upstream *u)
{
    if (!health_is_blamed(&u->health, now_ns(u)))
        return;
    tell_failed(u, PHASE_ANSWER, "says SERVFAIL or REFUSED where others answer");
    upstream_shows(u);
}

void upstream_is_probed(struct upstream *u)
{
    count(u, METRIC_upstream_probes, SERVER_probes);
    u->is_probed = true;
    health_is_probed(&u->health, now_ns(u));
}

void upstream_was_probed(struct upstream *u)
{
    u->is_probed = false;
    if (u->health.is_probing)
        upstream_fails(u, PHASE_ANSWER, "no good answer when it was tried again",
                       u->health.probed_ns);
}

/* Nothing was sent on it yet: its questions lose nothing by going elsewhere. Should it become ready
 * after all it is welcome. */
static void doubt_opening(struct upstream *u, struct channel *c)
{
    struct list left;

    list_init(&left);
    channel_leave(c, &left);
    if (c->ops == u->server->ops && !upstream_has_ready_channel(u))
        upstream_fails(u, c->phase, "no connection in the usual time", c->opened_ns);
    for (struct list *node = list_first(&left); node; node = list_first(&left)) {
        list_remove(node);
        flight_attempt_failed(LIST_OF(node, struct attempt, link), c->phase, ERR_TIMEOUT);
    }
}

/* A connection that never answered was a try, and it has failed. One that was good is replaced at
 * once. */
static void doubt_ready(struct upstream *u, const struct channel *c)
{
    if (c->has_answered) {
        health_is_doubted(&u->health, now_ns(u));
        tell_suspect(u, PHASE_ANSWER, "silent");
        return;
    }
    health_fails(&u->health, c->opened_ns);
    if (u->health.failures >= HEALTH_TOLD_AFTER)
        tell_failed(u, PHASE_ANSWER, "no answer in the usual time");
    else
        tell_suspect(u, PHASE_ANSWER, "no answer in the usual time");
}

static void ask_elsewhere(struct upstream *u, struct channel *c)
{
    upstream_shows(u);
    list_for_each (node, &c->attempts)
        flight_doubts(LIST_OF(node, struct attempt, link));
}

void upstream_doubts(struct upstream *u, struct channel *c)
{
    c->is_suspect = true;
    if (!c->is_ready) {
        doubt_opening(u, c);
        return;
    }
    count(u, METRIC_upstream_connections_silent, SERVER_silent);
    if (!upstream_has_ready_channel(u))
        doubt_ready(u, c);
    ask_elsewhere(u, c);
}

void upstream_abandons(struct upstream *u, struct channel *c)
{
    c->is_suspect = true;
    upstream_warms_up(u);
    ask_elsewhere(u, c);
    upstream_sweeps(u);
}
