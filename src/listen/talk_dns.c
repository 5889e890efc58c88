/* listen/talk_dns.c - messages on a stream, each behind its length (RFC 7766, RFC 7858).
 *
 * Called by: session.c, door.c. Owns: a message that is half read.
 * Queries are answered in the order their answers come (RFC 7766 section 6.2.1.1).
 */
#include "listen/listen.h"
#include "listen/session.h"
#include "listen/talk.h"
#include "metrics/metrics.h"
#include "query/query.h"

static err_t begin(struct session *s)
{
    frame_init(&s->frame);
    return OK;
}

static void received(struct session *s, struct slice bytes)
{
    struct slice message;

    while (!s->doomed && !s->is_used_up && frame_next(&s->frame, &bytes, &message)) {
        const struct arrival arrival = {
            .message = message,
            .client = &s->client,
            .handle = pool_handle(s),
        };

        session_ask(s, &arrival);
    }
    if (s->frame.failed)
        session_doom(s, METRIC_connections_starved);
}

static void append_response(struct session *s, struct slice response)
{
    uint8_t *room = buffer_room(&s->wire.out, 2 + response.len);

    if (!room) {
        session_doom(s, METRIC_connections_starved);
        return;
    }
    room[0] = (uint8_t)(response.len >> 8);
    room[1] = (uint8_t)response.len;
    memcpy(room + 2, response.data, response.len);
    buffer_filled(&s->wire.out, 2 + response.len);
    session_flush_if_much(s);
}

static struct session *find(const struct session_set *set, uint64_t handle)
{
    return pool_find(&set->pool, handle);
}

static void reply(struct session_set *set, const struct query *query)
{
    struct session *s = pool_find(&set->pool, query->handle);
    struct metrics *metrics = set->listener->context->metrics;

    if (!s) {
        metrics_count(metrics, METRIC_responses_gone);
        return;
    }
    session_answered(s);
    if (query->response.len == 0 || s->doomed)
        return;
    metrics_count(metrics, set->listener->ops->responses);
    append_response(s, query->response);
}

static uint32_t partial(const struct session *s)
{
    return frame_is_partial(&s->frame) && !s->is_used_up ? s->asked + 1 : 0;
}

static size_t held(const struct session *s)
{
    return frame_held(&s->frame);
}

static void end(struct session *s)
{
    frame_done(&s->frame);
}

const struct talk talk_dns = {
    .begin = begin,
    .received = received,
    .find = find,
    .reply = reply,
    .partial = partial,
    .held = held,
    .end = end,
};
