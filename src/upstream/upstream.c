/* upstream/upstream.c - one server as one worker sees it: how many connections, and when to pause.
 *
 * Called by: flight.c (questions), channel.c and idle.c (what became of connections).
 * Owns: channels, the bench. A connection that has answered before and then ends is nobody's fault:
 * its questions move to a fresh one. A connection that never answered opens the circuit, so that a
 * dead server costs an attempt now and then and not one a question. One that is silent is doubted:
 * it keeps its questions, but they are asked elsewhere too.
 */
#include "upstream/upstream.h"

#include "base/clock.h"
#include "io/loop.h"
#include "metrics/metrics.h"
#include "upstream/bootstrap.h"
#include "upstream/channel.h"
#include "upstream/flight.h"
#include "upstream/policy.h"
#include "upstream/roster.h"
#include "upstream/server_stats.h"
#include "upstream/set.h"
#include "upstream/tell.h"

#define WARM_NS   (120 * NS_PER_S) /* after its last question a connection is kept for the next */
#define EXTRA_MAX 4 /* channels beside the configured number that are on their way out */

static uint64_t now_ns(const struct upstream *u)
{
    return loop_now_ns(u->set->context->loop);
}

static void count(const struct upstream *u, enum metric metric, enum server_count which)
{
    metrics_count(u->set->context->metrics, metric);
    server_counts(u->stats, which);
}

void upstream_init(struct upstream *u, struct upstream_set *set, unsigned index)
{
    struct server *server = &set->roster->servers[index];

    *u = (struct upstream){
        .server = server,
        .set = set,
        .stats = &server->stats[set->context->worker],
        .candidate = &set->candidates[index],
        .index = index,
    };
    *u->candidate = (struct candidate){ .weight = server->weight, .provider = server->provider };
    list_init(&u->channels);
    list_init(&u->bench);
}

void upstream_done(struct upstream *u)
{
    struct list left;

    list_init(&left);
    list_for_each (node, &u->channels)
        channel_close(LIST_OF(node, struct channel, link), &left);
    list_move_all(&left, &u->bench);
    for (struct list *node = list_first(&left); node; node = list_first(&left)) {
        struct flight *f = LIST_OF(node, struct attempt, link)->flight;

        flight_stop(f);
        flight_done(f);
    }
    wheel_cancel(&u->pause);
    idle_done(&u->idle);
    turn_end_cancel(&u->sweep);
}

/* What is left of a channel when a question asks for one. */
enum use { USE_READY, USE_LEAVING, USE_OPENING, USE_NOT };

static enum use use_of(const struct upstream *u, const struct channel *c)
{
    if (c->is_suspect || !channel_has_room(c))
        return USE_NOT;
    if (!c->is_ready)
        return USE_OPENING;
    return c->is_leaving || idle_is_over(u, c, now_ns(u)) ? USE_LEAVING : USE_READY;
}

static struct channel *find(const struct upstream *u, const struct transport_ops *ops, enum use use)
{
    list_for_each (node, &u->channels) {
        struct channel *c = LIST_OF(node, struct channel, link);

        if (c->ops == ops && use_of(u, c) == use)
            return c;
    }
    return NULL;
}

bool upstream_has_ready_channel(const struct upstream *u)
{
    list_for_each (node, &u->channels) {
        const struct channel *c = LIST_OF(node, struct channel, link);

        if (c->is_ready && !c->is_suspect)
            return true;
    }
    return false;
}

static void set_bit(uint64_t *bits, unsigned index, bool on)
{
    *bits = on ? *bits | 1ull << index : *bits & ~(1ull << index);
}

void upstream_shows(struct upstream *u)
{
    bool is_ready = u->server->ops->max_channels || upstream_has_ready_channel(u);

    set_bit(&u->set->well, u->index, !u->health.is_open && server_has_address(u->server));
    set_bit(&u->set->ready, u->index, is_ready);
}

/* A new channel of `ops`, or NULL: with ERR_BUSY there are as many as there may be. Those that are
 * about to be replaced do not count, as long as they are few. */
static err_t open_channel(struct upstream *u, const struct transport_ops *ops,
                          struct channel **ret_channel)
{
    unsigned max = ops->max_channels ? ops->max_channels : u->server->connections;
    unsigned fit = 0, unfit = 0;

    *ret_channel = NULL;
    list_for_each (node, &u->channels) {
        const struct channel *c = LIST_OF(node, struct channel, link);

        if (c->ops != ops)
            continue;
        if (c->is_suspect || c->is_leaving)
            unfit++;
        else
            fit++;
    }
    if (fit >= max || unfit > EXTRA_MAX)
        return ERR_BUSY;
    return channel_open(ret_channel, u, ops);
}

static void pause_is_over(void *arg)
{
    upstream_has_room(arg);
}

static void sit_down(struct upstream *u, struct attempt *a)
{
    list_append(&u->bench, &a->link);
    if (now_ns(u) < u->health.retry_at_ns && !timer_is_set(&u->pause))
        wheel_set(loop_wheel(u->set->context->loop), &u->pause, u->health.retry_at_ns,
                  pause_is_over, u);
}

/* Those who wait for `u` go elsewhere. */
static void clear_bench(struct upstream *u, enum phase phase, err_t err)
{
    struct list left;

    list_init(&left);
    list_move_all(&left, &u->bench);
    for (struct list *node = list_first(&left); node; node = list_first(&left)) {
        list_remove(node);
        flight_attempt_failed(LIST_OF(node, struct attempt, link), phase, err);
    }
}

void upstream_fails(struct upstream *u, enum phase phase, const char *reason, uint64_t since_ns)
{
    health_fails(&u->health, since_ns);
    if (u->health.failures >= HEALTH_TOLD_AFTER || !upstream_has_ready_channel(u))
        tell_failed(u, phase, reason);
    else
        tell_suspect(u, phase, reason);
    bootstrap_doubts(u->set->bootstrap, u);
    upstream_shows(u);
}

static void count_failed(struct upstream *u, enum phase phase)
{
    static const enum server_count counts[] = {
        [PHASE_QUEUE] = SERVER_failed_connect,
        [PHASE_CONNECT] = SERVER_failed_connect,
        [PHASE_HANDSHAKE] = SERVER_failed_handshake,
        [PHASE_ANSWER] = SERVER_failed_answer,
    };

    count(u, METRIC_upstream_connections_failed, counts[phase]);
}

/* A connection that was begun at `since_ns` could not be used. */
static void has_failed(struct upstream *u, enum phase phase, err_t err, const char *reason,
                       uint64_t since_ns)
{
    count_failed(u, phase);
    upstream_fails(u, phase, reason, since_ns);
    if (!upstream_has_ready_channel(u))
        clear_bench(u, phase, err);
}

static bool is_paused(const struct upstream *u)
{
    return !server_has_address(u->server) ||
           (u->health.is_open && now_ns(u) < u->health.retry_at_ns);
}

void upstream_is_asked(struct upstream *u)
{
    u->asked_ns = now_ns(u);
    u->candidate->in_flight++;
    server_holds(&u->stats->in_flight, 1);
}

void upstream_is_left(struct upstream *u)
{
    u->candidate->in_flight--;
    server_holds(&u->stats->in_flight, -1);
}

bool upstream_is_laden(const struct upstream *u)
{
    const struct transport_ops *ops = u->server->ops;
    unsigned channels = ops->max_channels ? ops->max_channels : u->server->connections;

    return u->candidate->in_flight >= ops->max_in_flight * channels / 4 * 3;
}

void upstream_carry(struct upstream *u, struct attempt *a)
{
    struct channel *c = find(u, u->server->ops, USE_READY), *opening = NULL;
    err_t err = ERR_BUSY;

    if (!c) {
        opening = find(u, u->server->ops, USE_OPENING);
        if (!opening && !is_paused(u))
            err = open_channel(u, u->server->ops, &opening);
        c = find(u, u->server->ops, USE_LEAVING);
    }
    if (c || opening) {
        channel_send(c ? c : opening, a);
        return;
    }
    sit_down(u, a);
    if (err != ERR_BUSY)
        has_failed(u, PHASE_CONNECT, err, err_text(err), now_ns(u));
}

void upstream_warms_up(struct upstream *u)
{
    struct channel *c = find(u, u->server->ops, USE_OPENING);

    if (!c && !is_paused(u) && now_ns(u) - u->asked_ns < WARM_NS)
        open_channel(u, u->server->ops, &c);
}

void upstream_repeat_truncated(struct upstream *u, struct attempt *a)
{
    const struct transport_ops *ops = transport_find(u->server->ops->fallback);
    struct channel *c = find(u, ops, USE_READY);
    err_t err = OK;

    if (!c)
        c = find(u, ops, USE_OPENING);
    if (!c)
        err = open_channel(u, ops, &c);
    if (c)
        channel_send(c, a);
    else
        flight_attempt_failed(a, PHASE_CONNECT, err);
}

void upstream_has_room(struct upstream *u)
{
    struct list waiting;

    list_init(&waiting);
    list_move_all(&waiting, &u->bench);
    for (struct list *node = list_first(&waiting); node; node = list_first(&waiting)) {
        list_remove(node);
        upstream_carry(u, LIST_OF(node, struct attempt, link));
        if (!list_is_empty(&u->bench))
            break;
    }
    list_move_all(&u->bench, &waiting);
}

void upstream_forget(struct attempt *a)
{
    if (a->channel)
        channel_forget(a->channel, a);
    else
        list_remove(&a->link);
}

bool upstream_times_out(struct upstream *u, struct attempt *a)
{
    struct channel *c = a->channel;

    latency_at_least(&u->latency, now_ns(u) - a->start_ns);
    if (!c || c->last_answer_ns > a->sent_ns)
        return false;
    a->flight->tried |= 1ull << u->index;
    a->flight->err = ERR_TIMEOUT;
    channel_failed(c, ERR_TIMEOUT, "no response in time");
    return true;
}

/* A server that is back may have swallowed what it was asked while it was not itself. */
static void repeat_swallowed(struct upstream *u, uint64_t before_ns)
{
    list_for_each (node, &u->channels) {
        struct channel *c = LIST_OF(node, struct channel, link);

        list_for_each (asked, &c->attempts) {
            struct attempt *a = LIST_OF(asked, struct attempt, link);

            if (c->is_ready && !c->is_suspect && a->sent_ns < before_ns)
                channel_repeat(c, a);
        }
    }
}

void upstream_answered(const struct attempt *a, bool is_good)
{
    struct upstream *u = a->upstream;
    uint64_t took_ns = now_ns(u) - a->sent_ns;

    server_took(u->stats, PHASE_QUEUE, a->sent_ns - a->start_ns);
    server_took(u->stats, PHASE_ANSWER, took_ns);
    latency_add(&u->latency, took_ns);
    u->candidate->latency_us = (uint32_t)(u->latency.smoothed_ns / NS_PER_US) + 1;
    if (!is_good) {
        server_counts(u->stats, SERVER_servfail);
        return;
    }
    if (u->health.is_good)
        return;
    if (u->health.is_open)
        repeat_swallowed(u, a->sent_ns);
    health_answers(&u->health);
    tell_well(u);
    upstream_shows(u);
}

void upstream_took_longer(const struct attempt *a)
{
    struct upstream *u = a->upstream;

    latency_at_least(&u->latency, now_ns(u) - a->start_ns);
    u->candidate->latency_us = (uint32_t)(u->latency.smoothed_ns / NS_PER_US) + 1;
}

/* `c` is ready, late as it is: nobody has to wait for those that were opened in its place. */
static void take_over(struct upstream *u, const struct channel *c)
{
    struct list left;

    list_init(&left);
    list_for_each (node, &u->channels) {
        struct channel *other = LIST_OF(node, struct channel, link);

        if (!other->is_ready && other->ops == c->ops)
            channel_leave(other, &left);
    }
    for (struct list *node = list_first(&left); node; node = list_first(&left)) {
        list_remove(node);
        upstream_carry(u, LIST_OF(node, struct attempt, link));
    }
}

void upstream_is_ready(struct upstream *u, struct channel *c)
{
    bool was_doubted = c->is_suspect;

    c->is_suspect = false;
    if (was_doubted)
        take_over(u, c);
    if (c->ops == u->server->ops)
        latency_add(&u->handshake, now_ns(u) - c->opened_ns);
    if (c->match.count == 0)
        idle_begins(u, c);
    upstream_shows(u);
    upstream_sweeps(u);
}

void upstream_lost_channel(struct upstream *u, struct channel *c, err_t err, const char *reason)
{
    bool was_used = c->has_answered, was_ready = c->is_ready, was_doubted = c->is_suspect;
    uint64_t opened_ns = c->opened_ns;
    bool is_main = c->ops == u->server->ops;
    enum phase phase = c->phase;
    bool was_idle = is_main && was_ready && list_is_empty(&c->attempts) && err == ERR_CLOSED;
    struct list left;

    list_init(&left);
    if (was_idle)
        was_idle = idle_ended(u, c);
    channel_close(c, &left);
    upstream_shows(u);
    if (was_used)
        count(u, METRIC_upstream_connections_lost, SERVER_lost);
    else if (was_doubted) /* it has been held against the upstream already */
        count_failed(u, phase);
    else if (is_main && (!was_ready || !list_is_empty(&left)))
        has_failed(u, phase, err, reason, opened_ns);
    for (struct list *node = list_first(&left); node; node = list_first(&left)) {
        list_remove(node);
        if (was_used || (is_main && upstream_has_ready_channel(u)))
            flight_attempt_moves(LIST_OF(node, struct attempt, link));
        else
            flight_attempt_failed(LIST_OF(node, struct attempt, link), phase, err);
    }
    upstream_has_room(u);
    if (was_idle)
        upstream_warms_up(u);
}

void upstream_renews(struct upstream *u, struct channel *c)
{
    if (c->is_leaving)
        return;
    c->is_leaving = true;
    if (!find(u, u->server->ops, USE_READY)) {
        server_counts(u->stats, SERVER_renewed);
        upstream_warms_up(u);
    }
    upstream_sweeps(u);
}

/* Nobody has a question on `c`: whether nobody will. */
static bool is_unwanted(struct upstream *u, const struct channel *c)
{
    if (channel_is_used_up(c))
        return true;
    if (!c->is_ready || !(c->is_leaving || c->is_suspect))
        return false;
    return find(u, c->ops, USE_READY) || now_ns(u) - u->asked_ns >= WARM_NS;
}

static void sweep(void *arg)
{
    struct upstream *u = arg;
    struct list left;

    list_init(&left);
    list_for_each (node, &u->channels) {
        struct channel *c = LIST_OF(node, struct channel, link);

        if (c->match.count == 0 && is_unwanted(u, c))
            channel_close(c, &left);
    }
    upstream_shows(u);
    upstream_has_room(u);
}

void upstream_sweeps(struct upstream *u)
{
    loop_at_turn_end(u->set->context->loop, &u->sweep, sweep, u);
}

void upstream_has_no_address(struct upstream *u)
{
    tell_unknown(u);
    upstream_shows(u);
}

void upstream_addresses_known(struct upstream *u)
{
    tell_known(u);
    upstream_shows(u);
    upstream_has_room(u);
}

void upstream_tries_again(struct upstream *u)
{
    u->health.retry_at_ns = 0;
    wheel_cancel(&u->pause);
    upstream_has_room(u);
}
