/* listen/session.c - one client's connection, from its admission to its end (RFC 7766, RFC 9210).
 *
 * Called by: door.c, session_begin.c (what comes), the talks. Owns: the wire, what the talk keeps.
 * A session is only closed at the end of a turn, so that whoever calls into it finds it whole when
 * it returns.
 */
#include "listen/session.h"

#include "base/clock.h"
#include "io/stream.h"
#include "listen/admission.h"
#include "listen/exchange.h"
#include "listen/listen.h"
#include "listen/talk.h"
#include "metrics/metrics.h"

#define SESSIONS_MAX (1u << 20)     /* of one listener; the configured limit is lower */
#define QUERIES_MAX  512            /* of one session at once; then it has to wait */
#define OUT_FLUSH    65536          /* unsent bytes that do not wait for the end of the turn */
#define OUT_MAX      (4u << 20)     /* unsent bytes; a client who lets more gather is cut off */
#define OUT_SCARCE   131072         /* the same when buffers are scarce: two long responses */
#define LINGER_NS    (2 * NS_PER_S) /* for our last words to arrive: a slow path's round trips */

struct listen_context *session_context(const struct session *s)
{
    return s->set->listener->context;
}

static const struct talk *talk_of(const struct session *s)
{
    return s->set->listener->ops->talk;
}

static uint64_t now_ns(const struct session *s)
{
    return loop_now_ns(session_context(s)->loop);
}

static void settle(void *arg);

void session_settle_soon(struct session *s)
{
    loop_at_turn_end(session_context(s)->loop, &s->settle, settle, s);
}

void session_doom(struct session *s, enum metric why)
{
    if (s->doomed)
        return;
    s->doomed = true;
    wire_stop(&s->wire);
    if (why != METRIC_COUNT)
        metrics_count(session_context(s)->metrics, why);
    session_settle_soon(s);
}

static bool asks(const struct session *s, bool (*what)(const struct session *s))
{
    return s->is_ready && what && what(s);
}

/* Bytes that the client has yet to take. */
static size_t untaken(const struct session *s)
{
    const struct talk *talk = talk_of(s);

    return wire_unsent(&s->wire) + (s->is_ready && talk->unsaid ? talk->unsaid(s) : 0);
}

/* A few who take nothing must not leave all others without memory. */
static bool lets_gather_too_much(const struct session *s)
{
    const struct overload *overload = admission_overload(session_context(s)->admission);

    return untaken(s) > (overload_is_of(overload, SCARCE_buffers) ? OUT_SCARCE : OUT_MAX);
}

static void count_bytes(struct session *s)
{
    struct listen_context *context = session_context(s);
    size_t holds = wire_held(&s->wire) + (s->is_ready ? talk_of(s)->held(s) : 0);

    if (admission_hold(context->admission, s->held, holds, context->limits.tcp_buffers))
        s->held = holds;
    else
        session_doom(s, METRIC_connections_starved);
}

static void close_session(struct session *s)
{
    struct session_set *set = s->set;
    struct listen_context *context = set->listener->context;

    metrics_fall(context->metrics, set->listener->ops->open_now);
    turn_end_cancel(&s->settle);
    wheel_cancel(&s->timer);
    list_remove(&s->link);
    wire_close(&s->wire);
    if (s->is_ready)
        talk_of(s)->end(s);
    admission_hold(context->admission, s->held, 0, context->limits.tcp_buffers);
    if (s->client.any.sa_family != AF_UNSPEC)
        admission_leave(context->admission, &s->client, &context->limits);
    pool_give(&set->pool, s);
}

/* What the talk has to say. Each response is a TLS record of its own: there are clients over HTTP
 * that take one for each that they read. */
static err_t gather(struct session *s)
{
    size_t before;

    if (!s->is_ready || !talk_of(s)->write)
        return OK;
    do {
        before = wire_unsent(&s->wire);
        TRY(talk_of(s)->write(s, OUT_FLUSH));
        TRY(wire_seal(&s->wire));
    } while (wire_unsent(&s->wire) > before && wire_unsent(&s->wire) < OUT_FLUSH);
    return OK;
}

/* Until the client takes no more, or there is no more. That it takes a response counts; that it
 * takes the response to a ping does not, or it were never idle. */
static void flush(struct session *s)
{
    bool progress = true, was_waiting = untaken(s) > 0;

    while (progress && !s->doomed) {
        if (gather(s) != OK) {
            session_doom(s, METRIC_connections_starved);
            return;
        }
        if (wire_flush(&s->wire, &progress) != OK) {
            session_doom(s, METRIC_COUNT);
            return;
        }
        if (progress && was_waiting)
            s->last_progress_ns = now_ns(s);
    }
}

void session_flush_if_much(struct session *s)
{
    if (wire_unsent(&s->wire) >= OUT_FLUSH)
        flush(s);
    if (lets_gather_too_much(s))
        session_doom(s, METRIC_connections_slow);
}

static enum metric why_late(const struct session *s)
{
    if (s->finished_ns)
        return METRIC_COUNT;
    if (wire_is_opening(&s->wire))
        return s->wire.awaits_intro ? METRIC_connections_unintroduced : METRIC_tls_handshakes_late;
    if (untaken(s) > 0)
        return METRIC_connections_slow;
    return s->partial ? METRIC_connections_late : METRIC_connections_idle;
}

/* The client may still be talking when we have said all. */
static bool has_last_word(const struct session *s)
{
    bool is_over =
        talk_of(s)->is_over ? asks(s, talk_of(s)->is_over) : s->is_used_up && s->queries == 0;

    return is_over && wire_unsent(&s->wire) == 0 && !s->client_finished;
}

static void linger(struct session *s)
{
    s->finished_ns = now_ns(s);
    wire_finish(&s->wire);
    if (stream_read_on(s->wire.stream, true) != OK)
        session_doom(s, METRIC_COUNT);
}

/* A request that was already on its way would be lost; told so, the client knows that it can be
 * sent again (RFC 9113 section 6.8). */
static bool says_goodbye(struct session *s)
{
    if (!s->is_ready || !talk_of(s)->shut)
        return false;
    talk_of(s)->shut(s);
    flush(s);
    return has_last_word(s);
}

static void give_up(struct session *s)
{
    enum metric why = why_late(s);

    if (why != METRIC_connections_idle || !says_goodbye(s)) {
        session_doom(s, why);
        return;
    }
    metrics_count(session_context(s)->metrics, why);
    linger(s);
}

static uint64_t idle_ns(const struct session *s)
{
    return listen_idle_ns(session_context(s), s->wire.tls != NULL);
}

/* When the session ends if nothing happens; 0: not at all. A message has an absolute deadline from
 * its first byte on, as has a handshake, so that a byte now and then holds no slot (RFC 9210
 * section 4.4); a client who waits for us has none. */
static uint64_t deadline_ns(const struct session *s)
{
    const struct limit_config *limits = &session_context(s)->limits;

    if (s->finished_ns)
        return s->finished_ns + LINGER_NS;
    if (wire_is_opening(&s->wire))
        return s->begun_ns + limits->tls_handshake;
    if (untaken(s) > 0)
        return s->last_progress_ns + idle_ns(s);
    if (s->partial && !s->paused)
        return s->partial_since_ns + limits->tcp_message;
    return s->queries > 0 ? 0 : s->last_progress_ns + idle_ns(s);
}

static bool is_due(const struct session *s)
{
    uint64_t deadline = deadline_ns(s);

    return deadline && deadline <= now_ns(s);
}

static void ring(void *arg);

/* It rings several times while a connection is idle: an overload may have begun, and then there is
 * less time. */
static void set_timer(struct session *s)
{
    uint64_t deadline = deadline_ns(s), look = now_ns(s) + idle_ns(s) / OVERLOAD_IDLE;

    if (deadline)
        wheel_set(loop_wheel(session_context(s)->loop), &s->timer,
                  deadline < look ? deadline : look, ring, s);
    else
        wheel_cancel(&s->timer);
}

/* What the session is too late for is seen when the turn has ended, and all has been sent. */
static void ring(void *arg)
{
    struct session *s = arg;

    if (is_due(s) || lets_gather_too_much(s))
        session_settle_soon(s);
    else
        set_timer(s);
}

/* A client who does not take its responses, or asks faster than they come, has to wait. */
static void set_reading(struct session *s)
{
    bool paused = s->queries >= QUERIES_MAX || wire_unsent(&s->wire) >= OUT_FLUSH ||
                  asks(s, talk_of(s)->is_full);

    if (s->paused && !paused)
        s->partial_since_ns = now_ns(s);
    s->paused = paused;
    /* a client of HTTP/2 may still have to make room for what it asked for */
    if (s->set->draining && untaken(s) == wire_unsent(&s->wire))
        paused = true;
    if (s->is_used_up && !talk_of(s)->is_over) /* what comes is not heard */
        paused = true;
    if (stream_read_on(s->wire.stream, !paused && !s->client_finished) != OK)
        session_doom(s, METRIC_COUNT);
}

static void note_partial(struct session *s)
{
    uint32_t partial = s->is_ready ? talk_of(s)->partial(s) : 0;

    if (partial != s->partial)
        s->partial_since_ns = now_ns(s);
    s->partial = partial;
}

static bool is_finished(const struct session *s)
{
    if (s->queries > 0)
        return false;
    if (s->client_finished) /* and makes no more room */
        return wire_unsent(&s->wire) == 0;
    return s->set->draining && untaken(s) == 0;
}

static void go_on(struct session *s)
{
    flush(s);
    if (lets_gather_too_much(s))
        session_doom(s, METRIC_connections_slow);
    if (!s->doomed)
        count_bytes(s);
    if (!s->doomed)
        set_reading(s);
    note_partial(s);
    if (!s->doomed && has_last_word(s) && (!is_finished(s) || s->owes))
        linger(s);
}

/* Once a turn at most, for all that happened in it. */
static void settle(void *arg)
{
    struct session *s = arg;

    if (!s->finished_ns)
        go_on(s);
    if (!s->doomed && (s->finished_ns || !is_finished(s)) && is_due(s))
        give_up(s);
    if (s->doomed || (is_finished(s) && !s->finished_ns))
        close_session(s);
    else
        set_timer(s);
}

/* That was the last query, and the client hears so where it can be told. */
static void use_up(struct session *s)
{
    if (s->is_used_up)
        return;
    s->is_used_up = s->owes = true;
    metrics_count(session_context(s)->metrics, METRIC_connections_used_up);
    if (talk_of(s)->shut)
        talk_of(s)->shut(s);
}

void session_ask(struct session *s, const struct arrival *arrival)
{
    struct listen_context *context = session_context(s);
    struct listener *l = s->set->listener;

    s->queries++;
    s->asked++;
    if (s->asked >= context->limits.tcp_queries)
        use_up(s);
    s->last_progress_ns = now_ns(s);
    metrics_count(context->metrics, l->ops->queries);
    context->on_query(context->arg, l, arrival);
}

void session_answered(struct session *s)
{
    s->queries--;
    if (wire_unsent(&s->wire) == 0)
        s->last_progress_ns = now_ns(s);
    session_settle_soon(s);
}

void session_set_init(struct session_set *set, struct listener *listener)
{
    *set = (struct session_set){ .listener = listener };
    pool_init(&set->pool, sizeof(struct session), SESSIONS_MAX);
    pool_init(&set->exchanges, sizeof(struct exchange), EXCHANGES_MAX);
    list_init(&set->open);
}

void session_set_done(struct session_set *set)
{
    for (struct list *node = list_first(&set->open); node; node = list_first(&set->open))
        close_session(LIST_OF(node, struct session, link));
    pool_done(&set->pool);
    pool_done(&set->exchanges);
}

void session_set_drain(struct session_set *set)
{
    set->draining = true;
    list_for_each (node, &set->open) {
        struct session *s = LIST_OF(node, struct session, link);

        if (!s->client_finished && !s->doomed)
            stream_receive(s->wire.stream);
        s->owes = s->queries > 0 || untaken(s) > 0;
        if (s->is_ready && talk_of(s)->shut)
            talk_of(s)->shut(s);
        session_settle_soon(s);
    }
}
