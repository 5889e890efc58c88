/* worker/replies.c - what clients were told, and how long it took.
 *
 * Called by: stages.c. The clock is read once for all responses of a turn, which leave together.
 */
#include "worker/replies.h"

#include "base/clock.h"
#include "dns/header.h"
#include "query/query.h"
#include "upstream/ask.h"

static void end_turn(void *arg)
{
    struct replies *r = arg;
    uint64_t took_ns = clock_monotonic_ns() - r->turn_ns;

    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        histogram_add_many(&r->latency[i], took_ns, r->in_turn[i]);
        r->in_turn[i] = 0;
    }
}

/* Also of the bits that the header has no room for, where they are at hand. */
static unsigned rcode_of(const struct query *q)
{
    unsigned rcode = q->response.data[3] & DNS_RCODE;

    if (q->source == FROM_ERROR)
        rcode = q->fault.rcode;
    else if (q->source == FROM_UPSTREAM)
        rcode = message_rcode(q->answer->response);

    return rcode < REPLY_RCODES - 1 ? rcode : REPLY_RCODES - 1;
}

void replies_note(struct replies *r, struct loop *loop, const struct query *q)
{
    uint64_t now_ns = loop_now_ns(loop);

    if (q->response.len < DNS_HEADER_SIZE)
        return;
    counter_raise(&r->rcodes[rcode_of(q)], 1);
    if (q->arrived_ns != now_ns) {
        histogram_add(&r->latency[q->source], now_ns - q->arrived_ns);
        return;
    }
    r->turn_ns = now_ns;
    r->in_turn[q->source]++;
    loop_at_turn_end(loop, &r->turn_end, end_turn, r);
}
