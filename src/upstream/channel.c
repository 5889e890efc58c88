/* upstream/channel.c - a connection and the questions on it, whatever its transport.
 *
 * Called by: upstream.c (questions), the transports (events).
 * Owns: itself; the flights belong to their group. No response is trusted: what does not answer a
 * question of this channel, in full, is counted and ignored, and the right one is still awaited.
 */
#include "upstream/channel.h"

#include "base/reader.h"
#include "dns/message.h"
#include "io/loop.h"
#include "log/log.h"
#include "metrics/metrics.h"
#include "upstream/flight.h"
#include "upstream/server.h"
#include "upstream/set.h"
#include "upstream/upstream.h"

#include <stdlib.h>

static struct metrics *metrics_of(const struct channel *c)
{
    return c->upstream->context->metrics;
}

static uint64_t now_ns(const struct channel *c)
{
    return loop_now_ns(c->upstream->context->loop);
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
    list_init(&c->flights);
    metrics_count(u->context->metrics, METRIC_upstream_connections_opened);
    err = ops->open(c);
    if (err != OK) {
        free(c);
        return err;
    }
    list_append(&u->channels, &c->link);
    u->channel_count++;
    *ret_channel = c;
    return OK;
}

void channel_close(struct channel *c, struct list *ret_left)
{
    list_remove(&c->link);
    c->upstream->channel_count--;
    c->ops->close(c);
    list_for_each (node, &c->flights)
        LIST_OF(node, struct flight, link)->channel = NULL;
    list_move_all(ret_left, &c->flights);
    free(c);
}

bool channel_is_used_up(const struct channel *c)
{
    return c->ops->max_queries != 0 && c->queries >= c->ops->max_queries;
}

bool channel_has_room(const struct channel *c)
{
    return c->match.count < c->ops->max_in_flight && !channel_is_used_up(c);
}

static void send_now(struct channel *c, struct flight *f)
{
    put_u16(f->query, f->id);
    f->sent_ns = now_ns(c);
    metrics_count(metrics_of(c), METRIC_upstream_queries);
    c->ops->send(c,
                 flight_query(f)); /* one that finds no memory is asked again when it times out */
}

void channel_send(struct channel *c, struct flight *f)
{
    match_add(&c->match, f, c->upstream->context->random);
    list_append(&c->flights, &f->link);
    f->channel = c;
    c->queries++;
    if (c->is_ready)
        send_now(c, f);
}

/* Some servers read one query of a TLS record and the next when more bytes come: a repeated query
 * travels in a record of its own, and its first answer counts. */
void channel_repeat(struct channel *c, struct flight *f)
{
    if (!c->is_ready)
        return;
    if (c->ops->seal)
        c->ops->seal(c);
    send_now(c, f);
    if (c->ops->seal)
        c->ops->seal(c);
}

void channel_forget(struct channel *c, struct flight *f)
{
    match_remove(&c->match, f);
    list_remove(&f->link);
    f->channel = NULL;
    if (c->match.count == 0 && channel_is_used_up(c))
        upstream_used_up(c->upstream);
}

void channel_ready(struct channel *c)
{
    c->is_ready = true;
    c->phase = PHASE_ANSWER;
    list_for_each (node, &c->flights)
        send_now(c, LIST_OF(node, struct flight, link));
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

/* The flight that `message` answers, or NULL. */
static struct flight *match_response(struct channel *c, struct slice wire,
                                     struct message *ret_message)
{
    struct reader r = reader_of(wire);
    struct flight *f = match_find(&c->match, read_u16(&r));

    if (r.failed || !f) {
        metrics_count(metrics_of(c), METRIC_upstream_wrong_answers);
        tell_nonsense(c, "no question with this id waits");
        return NULL;
    }
    if (message_read_response(wire, ret_message) != OK) {
        metrics_count(metrics_of(c), METRIC_upstream_malformed_answers);
        tell_nonsense(c, "malformed response");
        return NULL;
    }
    if (ret_message->qtype != f->qtype || ret_message->qclass != f->qclass ||
        !name_equal(flight_name(f), ret_message->question_name)) {
        metrics_count(metrics_of(c), METRIC_upstream_wrong_answers);
        tell_nonsense(c, "the response is to another question");
        return NULL;
    }
    return f;
}

void channel_received(struct channel *c, struct slice wire)
{
    struct upstream *u = c->upstream;
    struct message message;
    struct flight *f = match_response(c, wire, &message);

    if (!f)
        return;
    channel_forget(c, f);
    c->last_answer_ns = now_ns(c);
    if (!c->has_answered) {
        c->has_answered = true;
        upstream_answered(u);
    }
    if (message.header.flags & DNS_TC && c->ops->fallback) {
        upstream_repeat_truncated(u, f);
    } else {
        metrics_count(metrics_of(c), METRIC_upstream_answers);
        set_land(f, &message);
    }
    if (!list_is_empty(&u->bench))
        upstream_has_room(u);
}

void channel_failed(struct channel *c, err_t err, const char *reason)
{
    if (!c->has_answered)
        book_avoid(&c->upstream->server->book, &c->peer, now_ns(c));
    upstream_lost_channel(c->upstream, c, err, reason);
}
