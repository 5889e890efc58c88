/* worker/stages_policy.c - the stages in which the doorman has his say. */
#include "dns/types.h"
#include "listen/listen.h"
#include "metrics/metrics.h"
#include "query/query.h"
#include "worker/stages.h"
#include "worker/worker.h"

static enum step answer(struct query *q)
{
    metrics_count(&q->worker->metrics, METRIC_responses_local);
    q->source = FROM_LOCAL;
    return STEP_REPLY;
}

static enum step truncate(struct query *q)
{
    q->source = FROM_ERROR;
    q->fault = (struct compose_fault){ .rcode = RCODE_NOERROR, .is_truncated = true };
    return STEP_REPLY;
}

static enum step refuse(struct query *q)
{
    q->source = FROM_ERROR;
    q->fault =
        (struct compose_fault){ RCODE_REFUSED, true, EDE_PROHIBITED, q->verdict.rule, false };
    return STEP_REPLY;
}

/* Who asks on a connection hears of a refusal: it would wait, and nobody is harmed by the answer.
 */
static enum step obey(struct query *q, enum action action)
{
    bool is_stream = q->listener->ops->stream;

    switch (action) {
    case ACTION_PASS:
        return STEP_NEXT;
    case ACTION_ANSWER:
        return answer(q);
    case ACTION_TRUNCATE:
        return is_stream ? refuse(q) : truncate(q);
    case ACTION_REFUSE:
        return refuse(q);
    case ACTION_DROP:
        break;
    }
    if (is_stream)
        return refuse(q);
    metrics_count(&q->worker->metrics, METRIC_queries_dropped_policy);
    return STEP_DROP;
}

enum step admit_client(struct query *q)
{
    struct worker *w = q->worker;

    return obey(q, policy_judge(&w->policy, ON_QUERY, q, loop_now_ns(w->loop)));
}

enum step admit_miss(struct query *q)
{
    struct worker *w = q->worker;

    return obey(q, policy_judge(&w->policy, ON_MISS, q, loop_now_ns(w->loop)));
}
