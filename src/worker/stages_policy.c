/* worker/stages_policy.c - the stages in which the doorman has his say. */
#include "dns/types.h"
#include "listen/admission.h"
#include "listen/listen.h"
#include "metrics/metrics.h"
#include "query/query.h"
#include "upstream/ask.h"
#include "worker/pipeline.h"
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

static enum step fail(struct query *q, uint16_t rcode)
{
    q->source = FROM_ERROR;
    q->fault = (struct compose_fault){ .rcode = rcode };
    return STEP_REPLY;
}

/* The response bears a cookie of ours. RFC 7873 section 5.4: who asks for nothing else has been
 * given all of it, unless it believed to have a good one. */
static enum step give_cookie(struct query *q)
{
    bool is_all = !q->asked.has_question && q->cookie.state != COOKIE_BAD;

    return fail(q, is_all ? RCODE_NOERROR : RCODE_BADCOOKIE);
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
    case ACTION_BADCOOKIE:
        return is_stream ? refuse(q) : give_cookie(q);
    case ACTION_REFUSE:
        return refuse(q);
    case ACTION_CACHE_ONLY: /* REFUSED would tell a resolver behind us to leave us for good */
        return answer_unasked(q, q->verdict.why);
    case ACTION_DROP:
        break;
    }
    if (is_stream)
        return refuse(q);
    metrics_count(&q->worker->metrics, METRIC_queries_dropped_policy);
    return STEP_DROP;
}

static void count_cookie(const struct query *q)
{
    static const enum metric counters[] = {
        [COOKIE_CLIENT] = METRIC_cookies_client,
        [COOKIE_BAD] = METRIC_cookies_bad,
        [COOKIE_GOOD] = METRIC_cookies_good,
    };

    if (q->cookie.state != COOKIE_NONE)
        metrics_count(&q->worker->metrics, counters[q->cookie.state]);
}

/* What needs no other room than the reply. */
static enum step answer_at_the_door(struct query *q)
{
    if (q->asked.rcode != RCODE_NOERROR)
        return fail(q, q->asked.rcode);
    if (!q->asked.has_question)
        return q->cookie.state == COOKIE_NONE ? fail(q, RCODE_FORMERR) : give_cookie(q);
    return STEP_NEXT;
}

/* What is wrong with a query is told only to those who may ask, and not without limit. */
enum step admit_client(struct query *q)
{
    struct worker *w = q->worker;
    enum step step = obey(q, policy_judge(&w->policy, ON_QUERY, q, loop_now_ns(w->loop)));

    count_cookie(q);
    return step == STEP_NEXT ? answer_at_the_door(q) : step;
}

void push_out_query(void *arg, struct query *q)
{
    (void)arg;
    note_waited(q);
    upstream_give_up(q->upstreams, q->ticket);
    obey(q, q->verdict.action);
    end_query(q);
}

static void note_crowd(const struct worker *w)
{
    overload_note(admission_overload(w->commons->admission), SCARCE_waiting,
                  policy_state_waiting(w->commons->policy), w->waiting_max);
}

/* What is fetched in advance is nobody's. */
void note_waiting(struct query *q, bool is_asked)
{
    struct worker *w = q->worker;

    if (!q->listener)
        return;
    metrics_rise(&w->metrics, GAUGE_waiting);
    policy_note_waits(&w->policy, q, is_asked, loop_now_ns(w->loop));
    note_crowd(w);
}

void note_waited(struct query *q)
{
    if (!q->listener)
        return;
    metrics_fall(&q->worker->metrics, GAUGE_waiting);
    policy_note_left(&q->worker->policy, q);
    note_crowd(q->worker);
}

enum step admit_miss(struct query *q)
{
    struct worker *w = q->worker;

    return obey(q, policy_judge(&w->policy, ON_MISS, q, loop_now_ns(w->loop)));
}
