/* upstream/watch.c - whether a connection still answers.
 *
 * Called by: channel.c. One timer for each channel, not for each question: it looks at what came
 * last and at what waits longest. Silence is measured by what is usual for this upstream.
 */
#include "upstream/watch.h"

#include "base/clock.h"
#include "io/loop.h"
#include "io/stream.h"
#include "upstream/channel.h"
#include "upstream/dial.h"
#include "upstream/flight.h"
#include "upstream/roster.h"
#include "upstream/set.h"

#define MANY           8                 /* questions without an answer: more than bad luck */
#define SOON_MIN_NS    (40 * NS_PER_MS)  /* more than a busy machine sleeps, or an ACK is delayed */
#define LATE_MIN_NS    (400 * NS_PER_MS) /* what a resolver may take that has to ask others */
#define LATE_MAX_NS    (800 * NS_PER_MS) /* after an outage the usual is long: not for ever */
#define OPENING_MIN_NS (100 * NS_PER_MS)
#define OPENING_NS     (500 * NS_PER_MS) /* when nothing is known */
#define GRACE_NS       (8 * NS_PER_MS)   /* what has arrived is read before the verdict */

static uint64_t between(uint64_t least, uint64_t value, uint64_t most)
{
    if (value < least)
        return least;
    return value < most ? value : most;
}

/* So long it may take to open: where there are several addresses, each has its chance. */
static uint64_t opening_ns(const struct channel *c)
{
    const struct upstream *u = c->upstream;
    uint64_t usual_ns = OPENING_NS;

    if (u->handshake.total > 0 && c->ops == u->server->ops)
        usual_ns = between(OPENING_MIN_NS, 4 * u->handshake.smoothed_ns, OPENING_NS);
    return usual_ns + book_choices(&u->server->book) * DIAL_STAGGER_NS;
}

/* So long it may be silent in any case. A connection that was never heard may be a try whether its
 * server is back: that is not to take long. */
static uint64_t late_ns(const struct channel *c)
{
    return c->has_answered ? between(LATE_MIN_NS, 4 * c->upstream->latency.p95_ns, LATE_MAX_NS)
                           : LATE_MIN_NS;
}

/* So long it may be silent when many questions wait, or when the network has lost it. */
static uint64_t soon_ns(const struct upstream *u)
{
    return between(SOON_MIN_NS, 2 * u->latency.smoothed_ns + 10 * NS_PER_MS, LATE_MIN_NS);
}

/* How far away an upstream is that has never answered, nobody can say. */
static bool is_known(const struct upstream *u)
{
    return u->latency.smoothed_ns != 0;
}

/* Since when nothing has come that should have. */
static uint64_t silent_since(const struct channel *c)
{
    const struct attempt *oldest = LIST_OF(c->attempts.next, struct attempt, link);
    uint64_t since_ns = oldest->sent_ns;

    if (!c->is_ready)
        return c->opened_ns;
    if (c->owes_since_ns && c->owes_since_ns < since_ns)
        since_ns = c->owes_since_ns;
    return since_ns > c->last_answer_ns ? since_ns : c->last_answer_ns;
}

/* Whether the peer's kernel, which answers at once, has not even acknowledged what we sent. */
static bool is_cut_off(const struct channel *c, uint64_t silent_ns)
{
    struct stream_state state;

    return c->ops->state && c->ops->state(c, &state) && state.unacknowledged > 0 &&
           silent_ns > 2 * state.rtt_us * NS_PER_US + SOON_MIN_NS;
}

static uint64_t patience_ns(const struct channel *c, uint64_t silent_ns)
{
    const struct upstream *u = c->upstream;

    if (c->is_suspect)
        return u->set->roster->groups[u->server->group].timeout_ns;
    if (!c->is_ready)
        return opening_ns(c);
    if (is_cut_off(c, silent_ns) || (c->match.count >= MANY && is_known(u)))
        return soon_ns(u);
    return late_ns(c);
}

static void look(void *arg);

static void look_at(struct channel *c, uint64_t at_ns)
{
    wheel_set(loop_wheel(c->upstream->set->context->loop), &c->watch, at_ns, look, c);
}

static void judge(struct channel *c, uint64_t now_ns)
{
    if (c->is_suspect) {
        channel_failed(c, ERR_TIMEOUT,
                       c->is_ready ? "no response in time" : "no connection in time");
        return;
    }
    upstream_doubts(c->upstream, c);
    look_at(c, now_ns + patience_ns(c, 0));
}

/* A machine that slept, or this thread, may be late itself: the verdict waits until everything that
 * has arrived was read. */
static void look(void *arg)
{
    struct channel *c = arg;
    uint64_t now_ns = loop_now_ns(c->upstream->set->context->loop), since_ns, due_ns;

    if (c->is_ready && c->match.count == 0 && !c->is_suspect)
        return;
    since_ns = c->match.count || !c->is_ready ? silent_since(c) : c->last_used_ns;
    due_ns = since_ns + patience_ns(c, now_ns - since_ns);
    if (now_ns < due_ns) {
        uint64_t soon = since_ns + soon_ns(c->upstream) + GRACE_NS;

        c->is_late = false;
        look_at(c, now_ns < soon && soon < due_ns ? soon : due_ns);
        return;
    }
    if (!c->is_late) {
        c->is_late = true;
        look_at(c, now_ns + GRACE_NS);
        return;
    }
    c->is_late = false;
    judge(c, now_ns);
}

void watch_begins(struct channel *c)
{
    const struct upstream *u = c->upstream;

    if (timer_is_set(&c->watch))
        return;
    c->is_late = false;
    c->owes_since_ns = 0;
    look_at(c, loop_now_ns(u->set->context->loop) + (c->is_ready ? soon_ns(u) : opening_ns(c)));
}

/* Else nobody would notice that a server is dead while questions are given up in no time. */
void watch_remembers(struct channel *c, const struct attempt *a)
{
    if (a->sent_ns && (!c->owes_since_ns || a->sent_ns < c->owes_since_ns))
        c->owes_since_ns = a->sent_ns;
}
