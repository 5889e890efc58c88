/* upstream/set.c - which server is asked, and for how long.
 *
 * Called by: worker/stages.c (questions), upstream.c and channel.c (what became of them).
 * Owns: flights and upstreams. Servers are asked in their order, those that are well first; each is
 * asked at most once a round, and there are two rounds, so that a server which restarts is not
 * felt.
 */
#include "upstream/set.h"

#include "base/pool.h"
#include "io/loop.h"
#include "metrics/metrics.h"
#include "upstream/bootstrap.h"
#include "upstream/channel.h"
#include "upstream/equal.h"
#include "upstream/flight.h"
#include "upstream/roster.h"
#include "upstream/upstream.h"

#include <stdlib.h>

#define FLIGHTS_MAX 65536 /* of one worker; 25 MB when all are used */
#define WAITERS_MAX 65536
#define ROUNDS      2

struct upstream_set {
    struct upstream_context *context;
    struct list link; /* the context's */
    struct roster *roster;
    struct pool flights, waiters;
    struct equal equal;
    struct list lost; /* flights that failed for good: told at the end of the turn */
    struct turn_end tell;
    bool retired;
    struct bootstrap *bootstrap; /* NULL when no upstream has a name */
    size_t count;
    struct upstream upstreams[];
};

const char *phase_name(enum phase phase)
{
    static const char *const names[] = {
        [PHASE_QUEUE] = "queue",
        [PHASE_CONNECT] = "connect",
        [PHASE_HANDSHAKE] = "handshake",
        [PHASE_ANSWER] = "answer",
    };

    return names[phase];
}

err_t upstream_set_new(struct upstream_set **ret_group, struct upstream_context *context,
                       struct roster *roster)
{
    struct upstream_set *g = calloc(1, sizeof *g + roster->count * sizeof g->upstreams[0]);

    if (!g)
        return ERR_NOMEM;
    g->context = context;
    g->roster = roster_ref(roster);
    g->count = roster->count;
    list_init(&g->lost);
    list_append(&context->sets, &g->link);
    pool_init(&g->flights, sizeof(struct flight), FLIGHTS_MAX);
    pool_init(&g->waiters, sizeof(struct waiter), WAITERS_MAX);
    equal_init(&g->equal, context->random);
    for (size_t i = 0; i < g->count; i++)
        upstream_init(&g->upstreams[i], &roster->servers[i], context, (unsigned)i);
    if (bootstrap_new(&g->bootstrap, g, context, roster, g->upstreams) != OK) {
        upstream_set_free(&g);
        return ERR_NOMEM;
    }
    *ret_group = g;
    return OK;
}

void upstream_set_free(struct upstream_set **group)
{
    struct upstream_set *g = *group;
    struct list left;

    if (!g)
        return;
    *group = NULL;
    bootstrap_free(&g->bootstrap);
    list_init(&left);
    for (size_t i = 0; i < g->count; i++)
        upstream_done(&g->upstreams[i], &left);
    list_move_all(&left, &g->lost);
    list_for_each (node, &left)
        wheel_cancel(&LIST_OF(node, struct flight, link)->timer);
    turn_end_cancel(&g->tell);
    list_remove(&g->link);
    pool_done(&g->flights);
    pool_done(&g->waiters);
    roster_unref(g->roster);
    free(g);
}

void upstream_free_sets(struct upstream_context *context)
{
    for (struct list *node = list_first(&context->sets); node; node = list_first(&context->sets)) {
        struct upstream_set *g = LIST_OF(node, struct upstream_set, link);

        upstream_set_free(&g);
    }
}

static void answer(struct flight *f, const struct message *response)
{
    struct upstream_set *g = f->group;
    struct upstream_answer answer = {
        .is_first = true,
        .err = response ? OK : f->err,
        .phase = f->phase,
        .response = response,
        .server = response ? f->upstream->server : NULL,
    };

    wheel_cancel(&f->timer);
    equal_remove(&g->equal, f);
    for (struct list *node = list_first(&f->waiters); node; node = list_first(&f->waiters)) {
        struct waiter *w = LIST_OF(node, struct waiter, link);

        list_remove(node);
        w->answer(w->arg, &answer);
        answer.is_first = false;
        pool_give(&g->waiters, w);
    }
    pool_give(&g->flights, f);
}

/* Failures are told at the end of the turn: never before upstream_ask has returned. A retired group
 * ends here too, when nobody is inside it. */
static void tell_lost(void *arg)
{
    struct upstream_set *g = arg;

    for (struct list *node = list_first(&g->lost); node; node = list_first(&g->lost)) {
        list_remove(node);
        answer(LIST_OF(node, struct flight, link), NULL);
    }
    if (g->retired && g->flights.used == 0)
        upstream_set_free(&g);
}

static void tell_soon(struct upstream_set *g)
{
    loop_at_turn_end(g->context->loop, &g->tell, tell_lost, g);
}

void upstream_set_retire(struct upstream_set **group)
{
    struct upstream_set *g = *group;

    if (!g)
        return;
    *group = NULL;
    g->retired = true;
    tell_soon(g);
}

void set_land(struct flight *f, const struct message *response)
{
    struct upstream_set *g = f->group;

    answer(f, response);
    if (g->retired)
        tell_soon(g);
}

static void give_up(struct flight *f)
{
    wheel_cancel(&f->timer);
    list_append(&f->group->lost, &f->link);
    tell_soon(f->group);
}

/* The first upstream of its group that this round has not tried and that is well; for want of one
 * the one whose pause ends first; NULL when the round is over. */
static struct upstream *choose(struct upstream_set *g, const struct flight *f, uint64_t now_ns)
{
    struct upstream *soonest = NULL;

    for (size_t i = 0; i < g->count; i++) {
        struct upstream *u = &g->upstreams[i];

        if ((f->tried | ~f->rules->members) >> i & 1)
            continue;
        if (upstream_is_well(u, now_ns))
            return u;
        if (!soonest || u->paused_until_ns < soonest->paused_until_ns)
            soonest = u;
    }
    return soonest;
}

static void attempt_is_over(void *arg);

static void start_attempt(struct flight *f)
{
    struct loop *loop = f->group->context->loop;
    uint64_t end_ns = loop_now_ns(loop) + f->rules->timeout_ns;

    f->attempt_ns = loop_now_ns(loop);
    if (end_ns > f->deadline_ns)
        end_ns = f->deadline_ns;
    wheel_set(loop_wheel(loop), &f->timer, end_ns, attempt_is_over, f);
}

static void send_somewhere(struct flight *f)
{
    uint64_t now_ns = loop_now_ns(f->group->context->loop);
    struct upstream *u = choose(f->group, f, now_ns);

    if (!u && ++f->rounds < ROUNDS) {
        f->tried = 0;
        u = choose(f->group, f, now_ns);
    }
    if (!u || now_ns >= f->deadline_ns) {
        upstream_forget(f);
        give_up(f);
        return;
    }
    start_attempt(f);
    if (f->channel && f->upstream == u) {
        channel_repeat(f->channel, f);
        return;
    }
    upstream_forget(f);
    upstream_carry(u, f);
}

/* An attempt that its question's deadline cut short proves nothing about the connection. */
static void attempt_is_over(void *arg)
{
    struct flight *f = arg;
    uint64_t took_ns = loop_now_ns(f->group->context->loop) - f->attempt_ns;

    metrics_count(f->group->context->metrics, METRIC_upstream_timeouts);
    if (took_ns < f->rules->timeout_ns || !upstream_times_out(f->upstream, f))
        set_failed(f, f->channel ? f->channel->phase : PHASE_QUEUE, ERR_TIMEOUT);
}

void set_failed(struct flight *f, enum phase phase, err_t err)
{
    f->tried |= 1ull << f->upstream->index;
    f->phase = phase;
    f->err = err;
    metrics_count(f->group->context->metrics, METRIC_upstream_retries);
    send_somewhere(f);
}

void set_move(struct flight *f)
{
    if (loop_now_ns(f->group->context->loop) >= f->deadline_ns) {
        f->phase = PHASE_ANSWER;
        give_up(f);
        return;
    }
    f->moves++;
    metrics_count(f->group->context->metrics, METRIC_upstream_moved);
    start_attempt(f);
    upstream_carry(f->upstream, f);
}

static err_t make_flight(struct upstream_set *g, const struct group_rules *rules,
                         const struct compose_query_settings *query, struct flight **ret_flight)
{
    struct flight *f = pool_take(&g->flights);
    struct writer w;

    if (!f)
        return ERR_BUSY;
    *f = (struct flight){
        .group = g,
        .deadline_ns = loop_now_ns(g->context->loop) + rules->deadline_ns,
        .rules = rules,
        .phase = PHASE_QUEUE,
        .err = ERR_TIMEOUT,
        .qtype = query->question->qtype,
        .qclass = query->question->qclass,
        .name_len = query->question->name_len,
    };
    list_init(&f->link);
    list_init(&f->waiters);
    w = writer_of(f->query, sizeof f->query);
    if (compose_query(&w, query) != OK) {
        pool_give(&g->flights, f);
        return ERR_TOOBIG;
    }
    f->query_len = (uint16_t)writer_len(&w);
    *ret_flight = f;
    return OK;
}

unsigned upstream_group_for(const struct upstream_set *g, struct slice qname)
{
    return roster_group_for(g->roster, qname);
}

uint64_t upstream_routing(const struct upstream_set *g)
{
    return g->roster->routing;
}

err_t upstream_ask(struct upstream_set *g, unsigned group,
                   const struct compose_query_settings *query, upstream_answer_fn *answer_fn,
                   void *arg)
{
    struct waiter *w = pool_take(&g->waiters);
    struct flight *f, *other;
    err_t err = w ? make_flight(g, &g->roster->groups[group], query, &f) : ERR_BUSY;

    if (err != OK) {
        if (w)
            pool_give(&g->waiters, w);
        return err;
    }
    *w = (struct waiter){ .answer = answer_fn, .arg = arg };
    other = equal_join(&g->equal, f);
    list_append(other ? &other->waiters : &f->waiters, &w->link);
    if (other) {
        pool_give(&g->flights, f);
        metrics_count(g->context->metrics, METRIC_upstream_joined);
    } else {
        send_somewhere(f);
    }
    return OK;
}
