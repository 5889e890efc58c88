/* upstream/channel.c - a connection and the questions on it, whatever its transport.
 *
 * Called by: upstream.c (questions), the transports (events).
 * Owns: itself; the flights belong to their group. No response is trusted: what does not answer a
 * question of this channel, in full, is counted and ignored, and the right one is still awaited.
 */
#include "upstream/channel.h"

#include "base/clock.h"
#include "base/reader.h"
#include "dns/message.h"
#include "io/loop.h"
#include "log/log.h"
#include "metrics/metrics.h"
#include "upstream/flight.h"
#include "upstream/roster.h"
#include "upstream/server_stats.h"
#include "upstream/set.h"
#include "upstream/watch.h"

#include <stdlib.h>

#define KEEPALIVE_UNIT_NS (100 * NS_PER_MS) /* RFC 7828 section 3.1 */

static void count(const struct channel *c, enum metric metric, enum server_count which)
{
    metrics_count(c->upstream->set->context->metrics, metric);
    server_counts(c->upstream->stats, which);
}

static uint64_t now_ns(const struct channel *c)
{
    return loop_now_ns(c->upstream->set->context->loop);
}

err_t channel_open(struct channel **ret_channel, struct upstream *u,
                   const struct transport_ops *ops)
{
    struct channel *c = calloc(1, ops->size);
    err_t err;

    if (!c)
        return ERR_NOMEM;
    c->ops = ops;
    c->upstream = u;
    c->phase = PHASE_CONNECT;
    c->opened_ns = c->phase_ns = c->last_used_ns = now_ns(c);
    list_init(&c->attempts);
    count(c, METRIC_upstream_connections_opened, SERVER_opened);
    err = ops->open(c);
    if (err != OK) {
        free(c);
        return err;
    }
    list_append(&u->channels, &c->link);
    server_holds(&u->stats->connections, 1);
    watch_begins(c);
    *ret_channel = c;
    return OK;
}

void channel_close(struct channel *c, struct list *ret_left)
{
    list_remove(&c->link);
    server_holds(&c->upstream->stats->connections, -1);
    wheel_cancel(&c->watch);
    c->ops->close(c);
    channel_leave(c, ret_left);
    free(c);
}

void channel_leave(struct channel *c, struct list *ret_left)
{
    list_for_each (node, &c->attempts) {
        struct attempt *a = LIST_OF(node, struct attempt, link);

        match_remove(&c->match, a);
        a->channel = NULL;
    }
    list_move_all(ret_left, &c->attempts);
}

bool channel_is_used_up(const struct channel *c)
{
    return c->ops->max_queries != 0 && c->queries >= c->ops->max_queries;
}

bool channel_has_room(const struct channel *c)
{
    return c->match.count < c->ops->max_in_flight && !channel_is_used_up(c);
}

static void send_now(struct channel *c, struct attempt *a)
{
    put_u16(a->flight->query, a->id);
    a->sent_ns = c->last_used_ns = now_ns(c);
    count(c, METRIC_upstream_queries, SERVER_queries);
    c->ops->send(c, flight_query(a->flight)); /* what finds no memory is asked again in time */
}

void channel_send(struct channel *c, struct attempt *a)
{
    match_add(&c->match, a, c->upstream->set->context->random);
    list_append(&c->attempts, &a->link);
    a->channel = c;
    c->queries++;
    watch_begins(c);
    if (c->is_ready)
        send_now(c, a);
}

/* Some servers read one query of a TLS record and the next when more bytes come: a repeated query
 * travels in a record of its own, and its first answer counts. */
void channel_repeat(struct channel *c, struct attempt *a)
{
    if (!c->is_ready)
        return;
    if (c->ops->seal)
        c->ops->seal(c);
    send_now(c, a);
    if (c->ops->seal)
        c->ops->seal(c);
}

static void take_off(struct channel *c, struct attempt *a)
{
    match_remove(&c->match, a);
    list_remove(&a->link);
    a->channel = NULL;
    if (c->match.count > 0)
        return;
    if (c->is_leaving || c->is_suspect || channel_is_used_up(c))
        upstream_sweeps(c->upstream);
    else
        idle_begins(c->upstream, c);
}

void channel_forget(struct channel *c, struct attempt *a)
{
    c->left[c->left_count++ % CHANNEL_LEFT] = a->id;
    take_off(c, a);
    if (!list_is_empty(&c->upstream->bench)) /* there is room for somebody else */
        upstream_sweeps(c->upstream);
}

static void enter(struct channel *c, enum phase phase)
{
    server_took(c->upstream->stats, c->phase, now_ns(c) - c->phase_ns);
    c->phase = phase;
    c->phase_ns = now_ns(c);
}

void channel_connected(struct channel *c)
{
    enter(c, PHASE_HANDSHAKE);
}

void channel_ready(struct channel *c)
{
    c->is_ready = true;
    enter(c, PHASE_ANSWER);
    wheel_cancel(&c->watch); /* it was set for how long opening may take */
    list_for_each (node, &c->attempts)
        send_now(c, LIST_OF(node, struct attempt, link));
    upstream_is_ready(c->upstream, c);
    if (!list_is_empty(&c->attempts))
        watch_begins(c);
}

/* Whether a question with this id was here a moment ago: then its answer is late, and no forgery.
 */
static bool was_here(const struct channel *c, uint16_t id)
{
    for (unsigned i = 0; i < CHANNEL_LEFT && i < c->left_count; i++)
        if (c->left[i] == id)
            return true;
    for (unsigned i = 0; i < CHANNEL_ANSWERED && i < c->answered_count; i++)
        if (c->answered[i] == id)
            return true;
    return false;
}

/* Late answers, too, show that the other end is there. */
static void is_alive(struct channel *c)
{
    c->last_answer_ns = c->last_used_ns = now_ns(c);
    c->owes_since_ns = 0;
    c->has_answered = true;
    c->is_suspect = false;
}

/* One line a minute, however much of it comes. */
static void tell_nonsense(struct channel *c, const char *what)
{
    struct server *server = c->upstream->server;
    uint64_t held_back;

    if (log_gate_opens(&server->nonsense_gate, now_ns(c), &held_back))
        log_event(EVENT_upstream_nonsense, "upstream=%s reason=\"%s\" more=%llu", server->url, what,
                  (unsigned long long)held_back);
}

/* The attempt that `message` answers, or NULL. */
static struct attempt *match_response(struct channel *c, struct slice wire,
                                      struct message *ret_message)
{
    struct reader r = reader_of(wire);
    uint16_t id = read_u16(&r);
    struct attempt *a = match_find(&c->match, id);

    if (!a && !r.failed && was_here(c, id)) {
        count(c, METRIC_upstream_late_answers, SERVER_late);
        is_alive(c);
        return NULL;
    }
    if (r.failed || !a) {
        count(c, METRIC_upstream_wrong_answers, SERVER_wrong);
        tell_nonsense(c, "no question with this id waits");
        return NULL;
    }
    if (message_read_response(wire, ret_message) != OK) {
        count(c, METRIC_upstream_malformed_answers, SERVER_malformed);
        tell_nonsense(c, "malformed response");
        return NULL;
    }
    if (ret_message->qtype != a->flight->qtype || ret_message->qclass != a->flight->qclass ||
        !name_equal(flight_name(a->flight), ret_message->question_name)) {
        count(c, METRIC_upstream_wrong_answers, SERVER_wrong);
        tell_nonsense(c, "the response is to another question");
        return NULL;
    }
    return a;
}

/* What the server says of the connection's end: RFC 7828 section 3.4. */
static void note_keepalive(struct channel *c, const struct edns *edns)
{
    if (!edns->has_keepalive || !c->ops->state) /* over UDP it says nothing: section 3.2.1 */
        return;
    c->idle_ns = edns->keepalive_timeout * KEEPALIVE_UNIT_NS;
    if (edns->keepalive_timeout == 0)
        upstream_renews(c->upstream, c);
    else if (c->match.count == 0)
        idle_begins(c->upstream, c);
}

void channel_received(struct channel *c, struct slice wire)
{
    struct upstream *u = c->upstream;
    struct message message;
    struct attempt *a = match_response(c, wire, &message);

    if (!a)
        return;
    c->answered[c->answered_count++ % CHANNEL_ANSWERED] = a->id;
    a->peer = c->peer;
    a->transport = c->ops->name;
    take_off(c, a);
    is_alive(c);
    note_keepalive(c, &message.edns);
    if (message.header.flags & DNS_TC && c->ops->fallback) {
        upstream_repeat_truncated(u, a);
    } else {
        count(c, METRIC_upstream_answers, SERVER_answers);
        flight_answered(a, &message);
    }
    if (!list_is_empty(&u->bench))
        upstream_has_room(u);
}

void channel_failed(struct channel *c, err_t err, const char *reason)
{
    if (!c->has_answered && (!c->is_ready || c->queries > 0))
        book_avoid(&c->upstream->server->book, &c->peer, now_ns(c));
    upstream_lost_channel(c->upstream, c, err, reason);
}
