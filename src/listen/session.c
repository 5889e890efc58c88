/* listen/session.c - one client's connection (RFC 7766, RFC 9210).
 *
 * Called by: tcp.c. Owns: the stream, a message that is half read, responses not yet taken.
 * Queries are answered in the order their answers come (RFC 7766 section 6.2.1.1). A session is
 * only closed at the end of a turn, so that whoever calls into it finds it whole when it returns.
 */
#include "listen/session.h"

#include "base/buffer.h"
#include "codec/frame.h"
#include "io/loop.h"
#include "io/socket.h"
#include "io/stream.h"
#include "listen/admission.h"
#include "listen/listen.h"
#include "metrics/metrics.h"

#define SESSIONS_MAX (1u << 20) /* of one listener; the configured limit is lower */
#define QUERIES_MAX  512        /* of one session at once; then it has to wait */
#define OUT_FLUSH    65536      /* unsent bytes that do not wait for the end of the turn */
#define OUT_MAX      (4u << 20) /* unsent bytes; a client who lets more gather is cut off */

struct session {
    struct session_set *set;
    struct list link;
    struct stream *stream;
    struct frame frame;
    struct buffer out;
    size_t held; /* bytes counted at the admission */
    struct turn_end settle;
    struct timer timer;
    uint64_t partial_since_ns; /* first byte of the message that is half read */
    uint64_t last_progress_ns; /* the client sent a query or took a response */
    unsigned queries;          /* without a response */
    bool client_finished, doomed, paused;
    union addr client;
};

static struct listen_context *context_of(const struct session *s)
{
    return s->set->listener->context;
}

static uint64_t now_ns(const struct session *s)
{
    return loop_now_ns(context_of(s)->loop);
}

static void settle(void *arg);

static void settle_soon(struct session *s)
{
    loop_at_turn_end(context_of(s)->loop, &s->settle, settle, s);
}

/* Ends the session at the end of this turn and counts why; METRIC_COUNT stands for no reason. */
static void doom(struct session *s, enum metric why)
{
    if (s->doomed)
        return;
    s->doomed = true;
    if (why != METRIC_COUNT)
        metrics_count(context_of(s)->metrics, why);
    settle_soon(s);
}

static void count_bytes(struct session *s)
{
    struct listen_context *context = context_of(s);
    size_t holds = frame_held(&s->frame) + s->out.size;

    if (admission_hold(context->admission, s->held, holds, context->limits.tcp_buffers))
        s->held = holds;
    else
        doom(s, METRIC_connections_starved);
}

static void close_session(struct session *s)
{
    struct session_set *set = s->set;

    turn_end_cancel(&s->settle);
    wheel_cancel(&s->timer);
    list_remove(&s->link);
    stream_close(&s->stream);
    frame_done(&s->frame);
    buffer_done(&s->out);
    admission_hold(set->listener->context->admission, s->held, 0, 0);
    admission_leave(set->listener->context->admission, &s->client);
    pool_give(&set->pool, s);
}

static void flush(struct session *s)
{
    size_t sent = 0;

    if (s->out.len == 0 || s->doomed)
        return;
    if (stream_send(s->stream, buffer_slice(&s->out), &sent) != OK) {
        doom(s, METRIC_COUNT);
        return;
    }
    if (sent == 0)
        return;
    s->last_progress_ns = now_ns(s);
    buffer_consume(&s->out, sent, 0);
    count_bytes(s);
}

static void take_time(void *arg)
{
    struct session *s = arg;

    if (s->out.len > 0)
        doom(s, METRIC_connections_slow);
    else
        doom(s, frame_is_partial(&s->frame) ? METRIC_connections_late : METRIC_connections_idle);
}

/* A message has an absolute deadline from its first byte on, so that a byte now and then holds no
 * slot (RFC 9210 section 4.4); a client who waits for us has none. */
static void set_timer(struct session *s)
{
    const struct limit_config *limits = &context_of(s)->limits;
    struct wheel *wheel = loop_wheel(context_of(s)->loop);

    if (s->out.len > 0)
        wheel_set(wheel, &s->timer, s->last_progress_ns + limits->tcp_idle, take_time, s);
    else if (frame_is_partial(&s->frame) && !s->paused)
        wheel_set(wheel, &s->timer, s->partial_since_ns + limits->tcp_message, take_time, s);
    else if (s->queries > 0)
        wheel_cancel(&s->timer);
    else
        wheel_set(wheel, &s->timer, s->last_progress_ns + limits->tcp_idle, take_time, s);
}

/* A client who does not take its responses, or asks faster than they come, has to wait. */
static void set_reading(struct session *s)
{
    bool paused = s->queries >= QUERIES_MAX || s->out.len >= OUT_FLUSH;

    if (s->paused && !paused)
        s->partial_since_ns = now_ns(s);
    s->paused = paused;
    if (stream_read_on(s->stream, !paused && !s->client_finished && !s->set->draining) != OK)
        doom(s, METRIC_COUNT);
}

static bool is_finished(const struct session *s)
{
    return (s->client_finished || s->set->draining) && s->queries == 0 && s->out.len == 0;
}

/* Once a turn at most, for all that happened in it. */
static void settle(void *arg)
{
    struct session *s = arg;

    flush(s);
    if (!s->doomed)
        set_reading(s);
    if (s->doomed || is_finished(s))
        close_session(s);
    else
        set_timer(s);
}

static void hand_on(struct session *s, struct slice message)
{
    struct listen_context *context = context_of(s);
    const struct arrival arrival = {
        .message = message,
        .client = &s->client,
        .handle = pool_handle(s),
    };

    s->queries++;
    metrics_count(context->metrics, METRIC_queries_tcp);
    context->on_query(context->arg, s->set->listener, &arrival);
}

static void received(void *arg, struct slice bytes)
{
    struct session *s = arg;
    struct slice message;
    bool was_partial = frame_is_partial(&s->frame);

    if (bytes.len == 0)
        s->client_finished = true;
    while (!s->doomed && frame_next(&s->frame, &bytes, &message)) {
        was_partial = false;
        s->last_progress_ns = now_ns(s);
        hand_on(s, message);
    }
    if (s->frame.failed)
        doom(s, METRIC_connections_starved);
    if (frame_is_partial(&s->frame) && !was_partial)
        s->partial_since_ns = now_ns(s);
    count_bytes(s);
    settle_soon(s);
}

static void writable(void *arg)
{
    settle_soon(arg);
}

static void failed(void *arg, err_t err)
{
    (void)err; /* the client has gone: its own business */
    doom(arg, METRIC_COUNT);
}

void session_begin(struct session_set *set, int fd, const union addr *client)
{
    static const struct stream_handler handler = { .received = received,
                                                   .writable = writable,
                                                   .failed = failed };
    struct listen_context *context = set->listener->context;
    struct session *s;

    if (!admission_enter(context->admission, client, context->limits.tcp_connections,
                         context->limits.tcp_connections_per_client))
        goto refuse;
    s = pool_take(&set->pool);
    if (!s)
        goto leave;
    *s = (struct session){ .set = set, .client = *client };
    if (stream_adopt(&s->stream, context->loop, fd, &handler, s) != OK) {
        fd = -1;
        pool_give(&set->pool, s);
        goto leave;
    }
    s->last_progress_ns = loop_now_ns(context->loop);
    list_append(&set->open, &s->link);
    metrics_count(context->metrics, METRIC_connections_accepted);
    settle_soon(s);
    stream_receive(s->stream); /* the query mostly came with the connection */
    return;
leave:
    admission_leave(context->admission, client);
refuse:
    metrics_count(context->metrics, METRIC_connections_refused);
    socket_close(&fd);
}

static void append_response(struct session *s, struct slice response)
{
    uint8_t *room = buffer_room(&s->out, 2 + response.len);

    if (!room) {
        doom(s, METRIC_connections_starved);
        return;
    }
    room[0] = (uint8_t)(response.len >> 8);
    room[1] = (uint8_t)response.len;
    memcpy(room + 2, response.data, response.len);
    buffer_filled(&s->out, 2 + response.len);
    count_bytes(s);
}

void session_reply(struct session_set *set, uint64_t handle, struct slice response)
{
    struct session *s = pool_find(&set->pool, handle);

    if (!s) {
        metrics_count(set->listener->context->metrics, METRIC_responses_gone);
        return;
    }
    s->queries--;
    settle_soon(s);
    if (response.len == 0 || s->doomed)
        return;
    if (s->out.len == 0)
        s->last_progress_ns = now_ns(s);
    append_response(s, response);
    metrics_count(set->listener->context->metrics, METRIC_responses_tcp);
    if (s->out.len >= OUT_FLUSH)
        flush(s);
    if (s->out.len > OUT_MAX)
        doom(s, METRIC_connections_slow);
}

void session_set_init(struct session_set *set, struct listener *listener)
{
    *set = (struct session_set){ .listener = listener };
    pool_init(&set->pool, sizeof(struct session), SESSIONS_MAX);
    list_init(&set->open);
}

void session_set_done(struct session_set *set)
{
    for (struct list *node = list_first(&set->open); node; node = list_first(&set->open))
        close_session(LIST_OF(node, struct session, link));
    pool_done(&set->pool);
}

void session_set_drain(struct session_set *set)
{
    set->draining = true;
    list_for_each (node, &set->open) {
        struct session *s = LIST_OF(node, struct session, link);

        if (!s->client_finished && !s->doomed)
            stream_receive(s->stream);
        settle_soon(s);
    }
}
