/* worker/stages.c - what happens to a query in each room.
 *
 * Called by: pipeline.c. The only file that has seen both doors.
 */
#include "worker/stages.h"

#include "base/clock.h"
#include "cache/cache.h"
#include "dns/compose.h"
#include "dns/types.h"
#include "listen/listen.h"
#include "metrics/metrics.h"
#include "query/query.h"
#include "querylog/desk.h"
#include "upstream/ask.h"
#include "upstream/server.h"
#include "worker/pipeline.h"
#include "worker/prefetch.h"
#include "worker/stages_log.h"
#include "worker/worker.h"

#include <stdlib.h>

static void count(struct query *q, enum metric which)
{
    metrics_count(&q->worker->metrics, which);
}

struct query *query_begin(struct worker *w, struct listener *l)
{
    struct query *q = pool_take(&w->queries);

    if (!q) {
        metrics_count(&w->metrics, METRIC_queries_dropped_full);
        if (l)
            log_loss(w);
        return NULL;
    }
    q->worker = w;
    q->listener = l;
    q->source = FROM_NOWHERE;
    q->look = LOOK_NONE;
    q->kept = NULL;
    q->has_stale = q->is_answered = false;
    q->asked.has_question = false;
    q->cookie.state = COOKIE_NONE;
    q->verdict = (struct verdict){ 0 };
    q->arrived_ns = loop_now_ns(w->loop);
    q->upstream = NULL;
    q->patience = (struct timer){ 0 };
    q->place.is_taken = false;
    q->response = (struct slice){ 0 };
    if (l)
        l->waiting++;
    return q;
}

enum step parse_query(struct query *q)
{
    if (message_read_query(q->message, &q->asked) != OK) {
        q->asked = (struct message_query){ 0 };
        count(q, q->message.len < DNS_HEADER_SIZE ? METRIC_queries_dropped_short
                                                  : METRIC_queries_dropped_response);
        return STEP_DROP;
    }
    return STEP_NEXT;
}

static void fail(struct query *q, enum dns_ede ede, const char *text)
{
    count(q, METRIC_responses_servfail);
    q->source = FROM_ERROR;
    q->fault = (struct compose_fault){
        .rcode = RCODE_SERVFAIL, .has_ede = true, .ede = (uint16_t)ede, .text = text
    };
}

static size_t response_limit(const struct query *q)
{
    size_t offered = q->asked.edns.present ? q->asked.edns.udp_size : DNS_UDP_SIZE_MIN;

    if (q->listener->ops->stream)
        return DNS_MESSAGE_MAX;
    return offered < q->listener->udp_size ? offered : q->listener->udp_size;
}

static uint16_t keepalive_timeout(const struct query *q)
{
    uint64_t idle = listen_idle_ns(q->listener->context, q->listener->ops->pads);
    uint64_t units = idle / (100 * NS_PER_MS);

    return units < UINT16_MAX ? (uint16_t)units : UINT16_MAX;
}

/* RFC 8467 section 4: what a client pads is padded in return. */
static size_t padding_for(const struct query *q)
{
    const struct listener *l = q->listener;
    bool is_padded =
        l->padding == PAD_ALWAYS || (l->padding == PAD_WHEN_ASKED && q->asked.edns.padded);

    return l->ops->pads && is_padded ? DNS_RESPONSE_PAD : 0;
}

/* Who is sent to TCP may be a victim, and hears no more than was said in its name. */
static size_t cookie_len(const struct query *q)
{
    bool is_turned_away = q->source == FROM_ERROR && q->fault.is_truncated;
    bool is_longer = q->asked.edns.cookie.len < COOKIE_SIZE;

    return q->cookie.state == COOKIE_NONE || (is_turned_away && is_longer) ? 0 : COOKIE_SIZE;
}

static struct compose_settings settings_for_client(const struct query *q)
{
    return (struct compose_settings){
        .limit = response_limit(q),
        .has_keepalive = q->listener->ops->tells_idle && q->asked.edns.wants_keepalive,
        .keepalive_timeout = keepalive_timeout(q),
        .pad_to = padding_for(q),
        .cookie = slice_of(q->cookie.bytes, cookie_len(q)),
    };
}

static struct cache_key cache_key_of(const struct query *q)
{
    return (struct cache_key){
        .question = &q->asked.question,
        .dnssec_ok = q->asked.edns.dnssec_ok,
        .checking_disabled = q->asked.header.flags & DNS_CD,
    };
}

/* The cache that serves this query, or NULL. Without recursion an upstream tells what it happens to
 * know, or refuses: that is nobody else's answer. */
static struct cache *cache_for(const struct query *q)
{
    return q->asked.header.flags & DNS_RD ? q->worker->commons->cache : NULL;
}

static uint32_t now_s(const struct query *q)
{
    return (uint32_t)(loop_now_ns(q->worker->loop) / NS_PER_S);
}

/* The response for this client lies in the worker's room then, ready to be sent. */
static enum cache_result get_from_cache(struct query *q, struct cache_hit *ret_hit)
{
    const struct cache_key key = cache_key_of(q);
    const struct compose_settings settings = settings_for_client(q);
    struct writer w = writer_of(q->worker->out, sizeof q->worker->out);
    enum cache_result result =
        cache_get(cache_for(q), &key, now_s(q), &q->asked, &settings, &w, ret_hit);

    q->response = writer_slice(&w);
    return result;
}

static enum step answer_stale(struct query *q)
{
    count(q, METRIC_cache_stale);
    q->source = FROM_STALE;
    return STEP_REPLY;
}

static enum step answer_from_cache(struct query *q, const struct cache_hit *hit)
{
    count(q, METRIC_cache_hits);
    q->source = FROM_CACHE;
    q->look = LOOK_HIT;
    if (hit->is_failure) { /* RFC 9520: and the client is told that it is an old one (RFC 8914) */
        q->source = FROM_ERROR;
        q->fault = (struct compose_fault){ .rcode = hit->rcode,
                                           .has_ede = true,
                                           .ede = EDE_CACHED_ERROR,
                                           .text = "it failed a moment ago" };
    }
    prefetch_if_due(q, hit);
    return STEP_REPLY;
}

/* RFC 8767 section 5: an expired response waits for what the upstreams say, unless they failed a
 * moment ago. */
enum step look_in_cache(struct query *q)
{
    struct cache_hit hit;

    if (!cache_for(q))
        return STEP_NEXT;
    switch (get_from_cache(q, &hit)) {
    case CACHE_FRESH:
        return answer_from_cache(q, &hit);
    case CACHE_STALE:
        q->has_stale = true;
        q->look = LOOK_EXPIRED;
        if (hit.refresh_failed)
            return answer_stale(q);
        break;
    case CACHE_MISS:
        q->look = LOOK_MISS;
        break;
    }
    count(q, METRIC_cache_misses);
    return STEP_NEXT;
}

/* An expired response in place of none: whether there is one (it may have gone meanwhile). */
static bool take_stale(struct query *q)
{
    struct cache_hit hit;

    if (!q->has_stale || q->is_answered || get_from_cache(q, &hit) == CACHE_MISS)
        return false;
    answer_stale(q);
    return true;
}

enum step answer_unasked(struct query *q, const char *why)
{
    if (!take_stale(q))
        fail(q, EDE_OTHER, why);
    return STEP_REPLY;
}

/* The client has waited long enough; the question goes on, for those who come after it. */
static void lose_patience(void *arg)
{
    struct query *q = arg;

    if (take_stale(q))
        reply_to_client(q);
}

static void take_answer(void *arg, const struct upstream_answer *answer)
{
    struct query *q = arg;

    q->answer = answer;
    note_waited(q);
    resume_query(q);
}

enum step ask_upstream(struct query *q)
{
    uint16_t flags = q->asked.header.flags;
    struct upstream_set *upstreams = q->worker->upstreams;
    unsigned group = upstream_group_for(upstreams, question_name(&q->asked.question));
    const struct compose_query_settings query = {
        .question = &q->asked.question,
        .recursion_desired = flags & DNS_RD,
        .checking_disabled = flags & DNS_CD,
        .authentic_data = true, /* kept for those who ask for it, and told to nobody else */
        .dnssec_ok = q->asked.edns.dnssec_ok,
    };
    struct upstream_asked asked;

    q->routing = upstream_routing(upstreams);
    log_before_waiting(q);
    if (upstream_ask(upstreams, group, &query, take_answer, q, &asked) == OK) {
        q->upstreams = upstreams;
        q->ticket = asked.ticket;
        note_waiting(q, !asked.has_joined);
        if (q->has_stale)
            wheel_set(loop_wheel(q->worker->loop), &q->patience,
                      loop_now_ns(q->worker->loop) + q->worker->stale_after_ns, lose_patience, q);
        return STEP_WAIT;
    }
    if (take_stale(q))
        return STEP_REPLY;
    fail(q, EDE_NOT_READY, "too many questions are waiting");
    return STEP_REPLY;
}

/* Why there is no answer, as far as a client should know. */
static void explain(struct query *q)
{
    static const char *const texts[] = {
        [PHASE_QUEUE] = "no upstream could be asked in time",
        [PHASE_CONNECT] = "no upstream could be reached",
        [PHASE_HANDSHAKE] = "no upstream could be trusted or agreed with on TLS",
        [PHASE_ANSWER] = "no upstream gave a usable answer in time",
    };
    bool is_silent = q->answer->err == ERR_TIMEOUT;

    fail(q, is_silent ? EDE_NO_REACHABLE_AUTHORITY : EDE_NETWORK_ERROR, texts[q->answer->phase]);
}

/* Whether what an upstream said may be kept. A reload may have sent the name to another group since
 * it was asked, and forgotten all that the first one had said. */
static bool is_to_keep(const struct query *q)
{
    return q->answer->is_first && q->routing == upstream_routing(q->worker->upstreams);
}

/* What is remembered of a question that no upstream answered: for a moment nobody asks again. */
static void keep_failure(struct query *q)
{
    const struct cache_key key = cache_key_of(q);

    if (cache_for(q) && is_to_keep(q))
        cache_put_failure(cache_for(q), &key, now_s(q));
}

enum step judge_response(struct query *q)
{
    wheel_cancel(&q->patience);
    if (q->answer->response) {
        q->source = q->is_answered ? q->source : FROM_UPSTREAM;
        q->upstream = q->answer->server->url;
        log_exchange(q);
        return STEP_NEXT;
    }
    keep_failure(q);
    if (take_stale(q) || q->is_answered)
        return STEP_REPLY;
    explain(q);
    return STEP_REPLY;
}

/* Before the reply, because a failure that an upstream tells gives way to what we have. */
enum step keep_in_cache(struct query *q)
{
    const struct cache_key key = cache_key_of(q);

    if (!cache_for(q))
        return STEP_NEXT;
    if (is_to_keep(q))
        cache_put(cache_for(q), &key, q->answer->response, now_s(q));
    if (message_rcode(q->answer->response) == RCODE_SERVFAIL)
        take_stale(q);
    return STEP_NEXT;
}

static void compose_fault_response(struct query *q, struct writer *w,
                                   const struct compose_settings *settings)
{
    compose_error(w, &q->asked, &q->fault, settings);
    switch (q->fault.rcode) {
    case RCODE_FORMERR:
        count(q, METRIC_responses_formerr);
        break;
    case RCODE_NOTIMP:
        count(q, METRIC_responses_notimp);
        break;
    case RCODE_BADVERS:
        count(q, METRIC_responses_badvers);
        break;
    case RCODE_BADCOOKIE:
        count(q, METRIC_responses_badcookie);
        break;
    case RCODE_REFUSED:
        count(q, METRIC_responses_refused);
        break;
    default:
        break;
    }
}

static void compose(struct query *q, struct writer *w)
{
    const struct compose_settings settings = settings_for_client(q);

    if (q->source == FROM_UPSTREAM) {
        if (compose_response(w, q->answer->response, &q->asked, &settings) == OK)
            return;
        fail(q, EDE_OTHER, "the answer could not be passed on");
    }
    if (q->source == FROM_LOCAL) {
        compose_local(w, &q->asked, &q->own, &settings);
        return;
    }
    compose_fault_response(q, w, &settings);
}

static bool is_truncated(struct slice response)
{
    return response.len > 2 && response.data[2] & DNS_TC >> 8;
}

void reply_to_client(struct query *q)
{
    struct writer w = writer_of(q->worker->out, sizeof q->worker->out);

    if (q->is_answered)
        return;
    if (q->source == FROM_UPSTREAM || q->source == FROM_LOCAL || q->source == FROM_ERROR) {
        compose(q, &w);
        q->response = writer_slice(&w);
    }
    if (is_truncated(q->response))
        count(q, METRIC_responses_truncated);
    q->is_answered = true;
    policy_note_response(&q->worker->policy, q, loop_now_ns(q->worker->loop));
    replies_note(&q->worker->replies, q->worker->loop, q);
    if (querylog_wants(q->worker->log))
        log_query(q);
    q->listener->ops->reply(q->listener, q);
    if (querylog_is_in_turn(q->worker->log))
        log_responses_leave(q->worker);
}

void forget_query(struct query *q)
{
    wheel_cancel(&q->patience);
    if (q->kept)
        free(q->kept);
    if (q->listener) {
        q->listener->waiting--;
        tally_note(&q->worker->tally, q, loop_now_ns(q->worker->loop));
    }
    pool_give(&q->worker->queries, q);
}
