/* worker/stages_log.c - what the query log hears of each query.
 *
 * Called by: stages.c, worker.c.
 */
#include "worker/stages_log.h"

#include "base/clock.h"
#include "listen/listen.h"
#include "query/query.h"
#include "querylog/desk.h"
#include "upstream/ask.h"
#include "upstream/server.h"
#include "upstream/transport.h"
#include "worker/worker.h"

#include <stdlib.h>

#define KEPT_MAX 1232 /* bytes of a query that waits; honest ones are shorter */

void log_loss(struct worker *w)
{
    if (querylog_wants(w->log))
        querylog_lose(w->log);
}

static void end_turn(void *arg)
{
    struct worker *w = arg;

    querylog_turn_ends(w->log, clock_monotonic_ns());
}

void log_turn_ends(struct worker *w)
{
    turn_end_cancel(&w->log_turn);
    if (querylog_is_in_turn(w->log))
        end_turn(w);
}

void log_responses_leave(struct worker *w)
{
    loop_at_turn_end(w->loop, &w->log_turn, end_turn, w);
}

static struct slice copy_of(struct query *q, struct slice message)
{
    q->kept = message.len > 0 ? malloc(message.len) : NULL;
    if (!q->kept)
        return (struct slice){ 0 };
    memcpy(q->kept, message.data, message.len);
    return slice_of(q->kept, message.len);
}

/* Where a part of the message is once that has become a copy. */
static struct slice moved(struct slice part, struct slice from, struct slice to)
{
    if (part.len == 0 || to.len == 0)
        return (struct slice){ 0 };
    return slice_of(to.data + (part.data - from.data), part.len);
}

void log_before_waiting(struct query *q)
{
    struct slice message = q->message;
    struct slice *subnet = &q->asked.edns.client_subnet;
    unsigned wants = querylog_wants(q->worker->log);

    q->message = (struct slice){ 0 };
    if (message.len <= KEPT_MAX && ((wants & WANTS_MESSAGES) || (wants && subnet->len > 0)))
        q->message = copy_of(q, message);
    *subnet = moved(*subnet, message, q->message);
}

void log_exchange(struct query *q)
{
    const struct upstream_answer *answer = q->answer;
    const struct upstream_exchange *x = answer->exchange;
    struct querylog_desk *log = q->worker->log;

    q->upstream_transport = x ? x->transport : answer->server->ops->name;
    if (!x || !answer->is_first || !(querylog_wants(log) & WANTS_MESSAGES))
        return;
    querylog_note_exchange(log, &(struct querylog_exchange){
                                    .upstream = x->peer,
                                    .transport = x->transport,
                                    .asked_ns = x->sent_ns,
                                    .answered_ns = loop_now_ns(q->worker->loop),
                                    .id = x->id,
                                    .query = x->query,
                                    .response = answer->response->wire,
                                });
    log_responses_leave(q->worker);
}

/* Where a datagram was sent to, when the listener takes those to all addresses. */
static union addr listener_of(const struct query *q)
{
    union addr addr = q->listener->addr;

    if (q->has_local && q->local.any.sa_family == AF_INET6)
        addr.v6.sin6_addr = q->local.v6.sin6_addr;
    else if (q->has_local)
        addr.v4.sin_addr = q->local.v4.sin_addr;
    return addr;
}

void log_query(struct query *q)
{
    const struct listener *l = q->listener;
    union addr listener = listener_of(q);
    struct client_tls tls;

    tls.version = "";
    tls.name_len = 0;
    if (l->ops->tell_tls)
        l->ops->tell_tls(l, q->handle, &tls);
    querylog_note(q->worker->log, q,
                  &(struct querylog_facts){
                      .transport = l->ops->name,
                      .listener = &listener,
                      .tls_version = tls.version,
                      .sni = slice_of(tls.name, tls.name_len),
                      .upstream = slice_of(q->upstream, q->upstream ? strlen(q->upstream) : 0),
                      .upstream_transport = q->upstream_transport,
                  });
}
