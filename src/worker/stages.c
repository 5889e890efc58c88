/* worker/stages.c - what happens to a query in each room.
 *
 * Called by: pipeline.c. The only file that has seen both doors.
 */
#include "worker/stages.h"

#include "base/clock.h"
#include "dns/compose.h"
#include "dns/types.h"
#include "listen/listen.h"
#include "log/log.h"
#include "metrics/metrics.h"
#include "query/query.h"
#include "upstream/ask.h"
#include "worker/pipeline.h"
#include "worker/worker.h"

static void count(struct query *q, enum metric which)
{
    metrics_count(&q->worker->metrics, which);
}

enum step parse_query(struct query *q)
{
    if (message_read_query(q->message, &q->asked) != OK) {
        count(q, q->message.len < DNS_HEADER_SIZE ? METRIC_queries_dropped_short
                                                  : METRIC_queries_dropped_response);
        return STEP_DROP;
    }
    if (q->asked.rcode == RCODE_NOERROR)
        return STEP_NEXT;
    q->source = FROM_ERROR;
    q->fault = (struct compose_fault){ .rcode = q->asked.rcode };
    return STEP_REPLY;
}

static void fail(struct query *q, enum dns_ede ede, const char *text)
{
    count(q, METRIC_responses_servfail);
    q->source = FROM_ERROR;
    q->fault = (struct compose_fault){ RCODE_SERVFAIL, true, (uint16_t)ede, text };
}

static void take_answer(void *arg, const struct upstream_answer *answer)
{
    struct query *q = arg;

    q->answer = answer;
    resume_query(q);
}

enum step ask_upstream(struct query *q)
{
    uint16_t flags = q->asked.header.flags;
    const struct compose_query_settings query = {
        .question = &q->asked.question,
        .recursion_desired = flags & DNS_RD,
        .checking_disabled = flags & DNS_CD,
        .authentic_data = flags & DNS_AD,
        .dnssec_ok = q->asked.edns.dnssec_ok,
    };

    if (upstream_ask(q->worker->group, &query, take_answer, q) == OK)
        return STEP_WAIT;
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

enum step judge_response(struct query *q)
{
    if (q->answer->response)
        q->source = FROM_UPSTREAM;
    else
        explain(q);
    return STEP_NEXT;
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
    uint64_t units = q->listener->context->limits.tcp_idle / (100 * NS_PER_MS);

    return units < UINT16_MAX ? (uint16_t)units : UINT16_MAX;
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
    case RCODE_REFUSED:
        count(q, METRIC_responses_refused);
        break;
    default:
        break;
    }
}

static void compose(struct query *q, struct writer *w)
{
    const struct compose_settings settings = {
        .limit = response_limit(q),
        .has_keepalive = q->listener->ops->stream && q->asked.edns.wants_keepalive,
        .keepalive_timeout = keepalive_timeout(q),
    };

    if (q->source == FROM_UPSTREAM) {
        if (compose_response(w, q->answer->response, &q->asked, &settings) == OK)
            return;
        fail(q, EDE_OTHER, "the answer could not be passed on");
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

    if (q->source != FROM_NOWHERE)
        compose(q, &w);
    q->response = writer_slice(&w);
    if (is_truncated(q->response))
        count(q, METRIC_responses_truncated);
    q->listener->ops->reply(q->listener, q);
}

void forget_query(struct query *q)
{
    q->listener->waiting--;
    pool_give(&q->worker->queries, q);
}
