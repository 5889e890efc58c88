/* upstream/upstream.c - one server as one worker sees it: how many connections, and when to pause.
 *
 * Called by: group.c (questions), channel.c (what became of connections).
 * Owns: channels, the bench. A connection that has answered before and then ends is nobody's fault:
 * its questions move to a fresh one. A connection that never answered pauses the upstream, briefly,
 * so that a dead server costs an attempt now and then and not one a question.
 */
#include "upstream/upstream.h"

#include "base/clock.h"
#include "io/loop.h"
#include "log/log.h"
#include "metrics/metrics.h"
#include "upstream/channel.h"
#include "upstream/flight.h"
#include "upstream/server.h"
#include "upstream/set.h"

#include <stdio.h>

#define PAUSE_MIN_NS (100 * NS_PER_MS)
#define PAUSE_MAX_NS NS_PER_S /* a server that is back is asked again within a second */
#define MOVES_MAX    3        /* of one question between connections of one upstream */

static uint64_t now_ns(const struct upstream *u)
{
    return loop_now_ns(u->context->loop);
}

void upstream_init(struct upstream *u, struct server *server,
                   const struct upstream_context *context, unsigned index)
{
    *u = (struct upstream){ .server = server, .context = context, .index = index };
    list_init(&u->channels);
    list_init(&u->bench);
}

void upstream_done(struct upstream *u, struct list *ret_left)
{
    list_for_each (node, &u->channels)
        channel_close(LIST_OF(node, struct channel, link), ret_left);
    list_move_all(ret_left, &u->bench);
    wheel_cancel(&u->pause);
    turn_end_cancel(&u->sweep);
    buffer_done(&u->ticket);
}

static bool has_ready_channel(const struct upstream *u)
{
    list_for_each (node, &u->channels)
        if (LIST_OF(node, struct channel, link)->is_ready)
            return true;
    return false;
}

bool upstream_is_well(const struct upstream *u, uint64_t now)
{
    return (now >= u->paused_until_ns && server_has_address(u->server)) || has_ready_channel(u);
}

/* The ready ones first: a question must not wait for a handshake that it does not need. */
static struct channel *find_room(const struct upstream *u, const struct transport_ops *ops)
{
    struct channel *connecting = NULL;

    list_for_each (node, &u->channels) {
        struct channel *c = LIST_OF(node, struct channel, link);

        if (c->ops != ops || !channel_has_room(c))
            continue;
        if (c->is_ready)
            return c;
        connecting = c;
    }
    return connecting;
}

static unsigned count_channels(const struct upstream *u, const struct transport_ops *ops)
{
    unsigned count = 0;

    list_for_each (node, &u->channels)
        count += LIST_OF(node, struct channel, link)->ops == ops;
    return count;
}

/* A new channel of `ops`, or NULL: with ERR_BUSY there are as many as there may be. */
static err_t open_channel(struct upstream *u, const struct transport_ops *ops,
                          struct channel **ret_channel)
{
    unsigned max = ops->max_channels ? ops->max_channels : u->server->connections;

    *ret_channel = NULL;
    if (count_channels(u, ops) >= max)
        return ERR_BUSY;
    return channel_open(ret_channel, u, ops);
}

static void pause_is_over(void *arg)
{
    upstream_has_room(arg);
}

static void sit_down(struct upstream *u, struct flight *f)
{
    list_append(&u->bench, &f->link);
    if (now_ns(u) < u->paused_until_ns && !timer_is_set(&u->pause))
        wheel_set(loop_wheel(u->context->loop), &u->pause, u->paused_until_ns, pause_is_over, u);
}

static void tell_failed(struct upstream *u, enum phase phase, const char *reason)
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

/* A connection could not be used: the upstream pauses, and those who wait for it go elsewhere. */
static void has_failed(struct upstream *u, enum phase phase, err_t err, const char *reason)
{
    uint64_t pause_ns = PAUSE_MIN_NS << (u->failures < 8 ? u->failures : 8);
    struct list left;

    u->failures++;
    u->paused_until_ns = now_ns(u) + (pause_ns < PAUSE_MAX_NS ? pause_ns : PAUSE_MAX_NS);
    metrics_count(u->context->metrics, METRIC_upstream_connections_failed);
    tell_failed(u, phase, reason);
    if (has_ready_channel(u))
        return;
    list_init(&left);
    list_move_all(&left, &u->bench);
    for (struct list *node = list_first(&left); node; node = list_first(&left)) {
        list_remove(node);
        set_failed(LIST_OF(node, struct flight, link), phase, err);
    }
}

void upstream_carry(struct upstream *u, struct flight *f)
{
    struct channel *c = find_room(u, u->server->ops);
    err_t err = ERR_BUSY;

    f->upstream = u;
    if (!c && now_ns(u) >= u->paused_until_ns && server_has_address(u->server))
        err = open_channel(u, u->server->ops, &c);
    if (c) {
        channel_send(c, f);
        return;
    }
    sit_down(u, f);
    if (err != ERR_BUSY)
        has_failed(u, PHASE_CONNECT, err, err_text(err));
}

void upstream_repeat_truncated(struct upstream *u, struct flight *f)
{
    const struct transport_ops *ops = transport_find(u->server->ops->fallback);
    struct channel *c = find_room(u, ops);
    err_t err = c ? OK : open_channel(u, ops, &c);

    if (c)
        channel_send(c, f);
    else
        set_failed(f, PHASE_CONNECT, err);
}

void upstream_has_room(struct upstream *u)
{
    struct list waiting;

    list_init(&waiting);
    list_move_all(&waiting, &u->bench);
    for (struct list *node = list_first(&waiting); node; node = list_first(&waiting)) {
        list_remove(node);
        upstream_carry(u, LIST_OF(node, struct flight, link));
        if (!list_is_empty(&u->bench))
            break;
    }
    list_move_all(&u->bench, &waiting);
}

void upstream_addresses_known(struct upstream *u)
{
    u->paused_until_ns = 0;
    upstream_has_room(u);
}

static bool has_tried(const struct flight *f, const struct upstream *u)
{
    return f->tried >> u->index & 1;
}

bool upstream_times_out(struct upstream *u, struct flight *f)
{
    struct channel *c = f->channel;

    if (!c || c->last_answer_ns > f->sent_ns)
        return false;
    f->tried |= 1ull << u->index;
    f->err = ERR_TIMEOUT;
    channel_failed(c, ERR_TIMEOUT, "no response in time");
    return true;
}

void upstream_forget(struct flight *f)
{
    if (f->channel)
        channel_forget(f->channel, f);
    else
        list_remove(&f->link);
}

void upstream_answered(struct upstream *u)
{
    u->failures = 0;
    u->paused_until_ns = 0;
    if (atomic_load(&u->server->is_told_failed) &&
        atomic_exchange(&u->server->is_told_failed, false))
        log_event(EVENT_upstream_back, "upstream=%s", u->server->url);
}

void upstream_lost_channel(struct upstream *u, struct channel *c, err_t err, const char *reason)
{
    bool was_used = c->has_answered, was_ready = c->is_ready;
    bool is_main = c->ops == u->server->ops;
    enum phase phase = c->phase;
    char why[160]; /* `reason` may be the channel's */
    struct list left;

    snprintf(why, sizeof why, "%s", reason);
    list_init(&left);
    channel_close(c, &left);
    if (was_used)
        metrics_count(u->context->metrics, METRIC_upstream_connections_lost);
    else if (is_main && (!was_ready || !list_is_empty(&left)))
        has_failed(u, phase, err, why);
    for (struct list *node = list_first(&left); node; node = list_first(&left)) {
        struct flight *f = LIST_OF(node, struct flight, link);

        list_remove(node);
        if ((was_used || (is_main && has_ready_channel(u))) && !has_tried(f, u) &&
            f->moves < MOVES_MAX)
            set_move(f);
        else
            set_failed(f, phase, err);
    }
    upstream_has_room(u);
}

static void sweep(void *arg)
{
    struct upstream *u = arg;
    struct list left;

    list_init(&left);
    list_for_each (node, &u->channels) {
        struct channel *c = LIST_OF(node, struct channel, link);

        if (c->match.count == 0 && channel_is_used_up(c))
            channel_close(c, &left);
    }
    upstream_has_room(u);
}

void upstream_used_up(struct upstream *u)
{
    loop_at_turn_end(u->context->loop, &u->sweep, sweep, u);
}
