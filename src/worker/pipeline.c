/* worker/pipeline.c - the rooms every query walks through, in their order.
 *
 * Called by: worker.c (a query came in), stages.c (its answer came back).
 * Owns: nothing; the query is the worker's.
 */
#include "worker/pipeline.h"

#include "query/query.h"
#include "worker/stages.h"

static const struct stage pipeline[] = {
    { "parse", parse_query },   /* bytes -> question and EDNS */
    { "admit", admit_client },  /* cookies, access, rate limits; what is no question ends here */
    { "cache", look_in_cache }, /* a fresh answer goes straight out */
    { "judge", admit_miss },    /* what may cost an upstream's time */
    { "ask", ask_upstream },    /* the one room with a waiting bench */
    { "vet", judge_response },  /* an answer; stale for a failure, or an error of our own */
    { "keep", keep_in_cache },  { "reply", 0 },
};

static void walk(struct query *q, const struct stage *from)
{
    enum step step = STEP_NEXT;

    for (q->stage = from; q->stage->run && step == STEP_NEXT; q->stage += step == STEP_NEXT)
        step = q->stage->run(q);

    if (step != STEP_WAIT)
        end_query(q);
}

void end_query(struct query *q)
{
    reply_to_client(q);
    forget_query(q);
}

void start_query(struct query *q)
{
    walk(q, pipeline);
}

void refresh_query(struct query *q)
{
    const struct stage *ask = pipeline;

    while (ask->run != ask_upstream)
        ask++;
    walk(q, ask);
}

void resume_query(struct query *q)
{
    walk(q, q->stage + 1);
}
