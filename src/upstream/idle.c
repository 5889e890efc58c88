/* upstream/idle.c - how long servers let connections idle, and what is done before they close them.
 *
 * Called by: upstream.c, channel.c. A question that is sent on a connection which the server closes
 * at that moment costs its client a new connection's time: so the next one is opened before.
 */
#include "upstream/idle.h"

#include "base/clock.h"
#include "io/loop.h"
#include "upstream/channel.h"
#include "upstream/set.h"
#include "upstream/upstream.h"

#define LEARNED_MIN_NS NS_PER_S /* what closes sooner does not close for being idle */

void idle_learn(struct idle *idle, uint64_t idle_ns)
{
    uint64_t seen_ns = idle->seen_ns;
    uint64_t apart_ns = idle_ns > seen_ns ? idle_ns - seen_ns : seen_ns - idle_ns;

    if (idle_ns < LEARNED_MIN_NS)
        return;
    idle->seen_ns = idle_ns;
    if (apart_ns <= idle_ns / 4) /* twice the same is no accident */
        idle->learned_ns = idle_ns < seen_ns ? idle_ns : seen_ns;
}

/* What the server has said counts for more than what it did. 0: not known. */
static uint64_t limit_ns(const struct upstream *u, const struct channel *c)
{
    return c->idle_ns ? c->idle_ns : u->idle.learned_ns;
}

static uint64_t idle_for(const struct channel *c, uint64_t now_ns)
{
    return c->match.count ? 0 : now_ns - c->last_used_ns;
}

bool idle_is_over(const struct upstream *u, const struct channel *c, uint64_t now_ns)
{
    uint64_t limit = limit_ns(u, c);

    return limit && idle_for(c, now_ns) >= limit - limit / 16;
}

static uint64_t renew_after_ns(const struct upstream *u, const struct channel *c)
{
    uint64_t limit = limit_ns(u, c);

    return limit - limit / 4;
}

static void look(void *arg)
{
    struct upstream *u = arg;
    struct loop *loop = u->set->context->loop;
    uint64_t next_ns = UINT64_MAX;

    list_for_each (node, &u->channels) {
        struct channel *c = LIST_OF(node, struct channel, link);
        uint64_t due_ns;

        if (!c->is_ready || c->is_leaving || c->match.count || !limit_ns(u, c))
            continue;
        due_ns = c->last_used_ns + renew_after_ns(u, c);
        if (loop_now_ns(loop) >= due_ns)
            upstream_renews(u, c);
        else if (due_ns < next_ns)
            next_ns = due_ns;
    }
    if (next_ns != UINT64_MAX)
        wheel_set(loop_wheel(loop), &u->idle.timer, next_ns, look, u);
}

void idle_begins(struct upstream *u, const struct channel *c)
{
    struct timer *t = &u->idle.timer;
    uint64_t due_ns = c->last_used_ns + renew_after_ns(u, c);

    if (limit_ns(u, c) && (!timer_is_set(t) || due_ns < t->at_ns))
        wheel_set(loop_wheel(u->set->context->loop), t, due_ns, look, u);
}

bool idle_ended(struct upstream *u, const struct channel *c)
{
    uint64_t idle_ns = idle_for(c, loop_now_ns(u->set->context->loop));

    idle_learn(&u->idle, idle_ns);
    return idle_ns >= LEARNED_MIN_NS;
}

void idle_done(struct idle *idle)
{
    wheel_cancel(&idle->timer);
}
