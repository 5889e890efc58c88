/* worker/trial.c - a question that no client asks, to find out whether upstreams answer.
 *
 * Called by: crew.c.
 */
#include "worker/trial.h"

#include "dns/types.h"
#include "query/query.h"
#include "worker/pipeline.h"
#include "worker/stages.h"
#include "worker/worker.h"

void trial_ask(struct worker *w)
{
    static const struct question root = { .qtype = TYPE_NS, .qclass = CLASS_IN, .name_len = 1 };
    struct query *q = query_begin(w, NULL);

    if (!q)
        return;
    q->asked = (struct message_query){ .header.flags = DNS_RD, .has_question = true };
    q->asked.question = root;
    q->message = (struct slice){ 0 };
    q->is_answered = true;
    refresh_query(q);
}
