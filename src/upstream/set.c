/* upstream/set.c - all upstreams of one roster as one worker asks them, and the questions in the
 * air.
 *
 * Called by: worker/stages.c (questions), worker.c (a new roster), flight.c (what came of them).
 * Owns: flights, groups and upstreams.
 */
#include "upstream/set.h"

#include "io/loop.h"
#include "metrics/metrics.h"
#include "upstream/bootstrap.h"
#include "upstream/channel.h"
#include "upstream/flight.h"
#include "upstream/roster.h"
#include "upstream/server_stats.h"

#include <stdlib.h>

#define FLIGHTS_MAX 65536 /* of one worker; 40 MB when all are used */
#define WAITERS_MAX 65536

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

static struct upstream_set *make(const struct roster *roster)
{
    struct upstream_set *s = calloc(1, sizeof *s + roster->count * sizeof s->upstreams[0]);

    if (!s)
        return NULL;
    s->candidates = calloc(roster->count, sizeof *s->candidates);
    s->groups = calloc(roster->group_count, sizeof *s->groups);
    if (s->candidates && s->groups)
        return s;
    free(s->candidates);
    free(s->groups);
    free(s);
    return NULL;
}

err_t upstream_set_new(struct upstream_set **ret_set, struct upstream_context *context,
                       struct roster *roster)
{
    struct upstream_set *s = make(roster);

    if (!s)
        return ERR_NOMEM;
    s->context = context;
    s->roster = roster_ref(roster);
    s->well = UINT64_MAX;
    list_init(&s->lost);
    list_append(&context->sets, &s->link);
    pool_init(&s->flights, sizeof(struct flight), FLIGHTS_MAX);
    pool_init(&s->waiters, sizeof(struct waiter), WAITERS_MAX);
    equal_init(&s->equal, context->random);
    for (size_t i = 0; i < roster->group_count; i++)
        group_init(&s->groups[i], &roster->groups[i]);
    for (size_t i = 0; i < roster->count; i++)
        upstream_init(&s->upstreams[i], s, (unsigned)i);
    if (bootstrap_new(&s->bootstrap, s) != OK) {
        upstream_set_free(&s);
        return ERR_NOMEM;
    }
    *ret_set = s;
    return OK;
}

void upstream_set_free(struct upstream_set **set)
{
    struct upstream_set *s = *set;

    if (!s)
        return;
    *set = NULL;
    bootstrap_free(&s->bootstrap);
    for (size_t i = 0; i < s->roster->count; i++)
        upstream_done(&s->upstreams[i]);
    list_for_each (node, &s->lost)
        flight_done(LIST_OF(node, struct flight, link));
    turn_end_cancel(&s->tell);
    list_remove(&s->link);
    pool_done(&s->flights);
    pool_done(&s->waiters);
    roster_unref(s->roster);
    free(s->candidates);
    free(s->groups);
    free(s);
}

void upstream_network_changed(struct upstream_context *context)
{
    list_for_each (node, &context->sets)
        path_check(LIST_OF(node, struct upstream_set, link));
}

void upstream_free_sets(struct upstream_context *context)
{
    for (struct list *node = list_first(&context->sets); node; node = list_first(&context->sets)) {
        struct upstream_set *s = LIST_OF(node, struct upstream_set, link);

        upstream_set_free(&s);
    }
}

static void tell_lost(void *arg);

static void tell_soon(struct upstream_set *s)
{
    loop_at_turn_end(s->context->loop, &s->tell, tell_lost, s);
}

static void forget(struct upstream_set *s, struct flight *f)
{
    flight_done(f);
    pool_give(&s->flights, f);
    if (s->retired)
        tell_soon(s);
}

/* Who is told may ask anew, and make others give up what they wait for: also this. */
void set_tell(struct upstream_set *s, struct flight *f, const struct upstream_answer *answer)
{
    struct upstream_answer told = *answer;

    flight_stop(f);
    if (f->probed)
        upstream_was_probed(f->probed);
    else
        equal_remove(&s->equal, f);
    f->is_landing = true;
    told.is_first = true;
    for (struct list *node = list_first(&f->waiters); node; node = list_first(&f->waiters)) {
        struct waiter *w = LIST_OF(node, struct waiter, link);

        list_remove(node);
        w->flight = NULL;
        w->answer(w->arg, &told);
        told.is_first = false;
        pool_give(&s->waiters, w);
    }
    forget(s, f);
}

bool upstream_is_full(const struct upstream_set *s, unsigned group)
{
    for (uint64_t left = s->groups[group].rules->members; left; left &= left - 1)
        if (upstream_is_laden(&s->upstreams[__builtin_ctzll(left)]))
            return true;
    return false;
}

void upstream_give_up(struct upstream_set *s, uint64_t ticket)
{
    struct waiter *w = pool_find(&s->waiters, ticket);
    struct flight *f = w ? w->flight : NULL;
    uint64_t asked;

    if (!f)
        return;
    list_remove(&w->link);
    pool_give(&s->waiters, w);
    if (!list_is_empty(&f->waiters) || f->is_landing || !list_is_empty(&f->link))
        return; /* it is told, or will be when this turn ends: then it is over */
    metrics_count(s->context->metrics, METRIC_upstream_given_up);
    asked = flight_asked(f);
    flight_give_up(f);
    equal_remove(&s->equal, f);
    forget(s, f);
    for (; asked; asked &= asked - 1) /* before somebody comes who has waited less */
        upstream_has_room(&s->upstreams[__builtin_ctzll(asked)]);
}

/* A retired set ends here, when nobody is inside it. */
static void tell_lost(void *arg)
{
    struct upstream_set *s = arg;

    for (struct list *node = list_first(&s->lost); node; node = list_first(&s->lost)) {
        struct flight *f = LIST_OF(node, struct flight, link);
        struct upstream_answer answer = { .phase = f->phase };

        list_remove(node);
        answer.response = flight_last_resort(f, &answer.server);
        answer.err = answer.response ? OK : f->err;
        set_tell(s, f, &answer);
    }
    if (s->retired && s->flights.used == 0)
        upstream_set_free(&s);
}

void upstream_set_retire(struct upstream_set **set)
{
    struct upstream_set *s = *set;

    if (!s)
        return;
    *set = NULL;
    s->retired = true;
    tell_soon(s);
}

void set_loses(struct upstream_set *s, struct flight *f)
{
    list_append(&s->lost, &f->link);
    tell_soon(s);
}

static void init_flight(struct flight *f, struct upstream_set *s, struct group *g)
{
    f->set = s;
    f->group = g;
    f->deadline_ns = loop_now_ns(s->context->loop) + g->rules->deadline_ns;
    f->timer = (struct timer){ 0 };
    f->tried = f->blamed = 0;
    f->is_landing = false;
    f->kept = NULL;
    f->probed = NULL;
    f->phase = PHASE_QUEUE;
    f->err = ERR_TIMEOUT;
    list_init(&f->link);
    list_init(&f->waiters);
    for (size_t i = 0; i < FLIGHT_ATTEMPTS; i++)
        f->attempts[i].upstream = NULL;
}

static err_t make_flight(struct upstream_set *s, struct group *g,
                         const struct compose_query_settings *query, struct flight **ret_flight)
{
    struct flight *f = pool_take(&s->flights);
    struct writer w;

    if (!f)
        return ERR_BUSY;
    init_flight(f, s, g);
    f->qtype = query->question->qtype;
    f->qclass = query->question->qclass;
    f->name_len = query->question->name_len;
    w = writer_of(f->query, sizeof f->query);
    if (compose_query(&w, query) != OK) {
        pool_give(&s->flights, f);
        return ERR_TOOBIG;
    }
    f->query_len = (uint16_t)writer_len(&w);
    *ret_flight = f;
    return OK;
}

void set_probes(struct upstream_set *s, const struct flight *of, struct upstream *u)
{
    struct flight *f;

    if (u->is_probed || s->retired)
        return;
    f = pool_take(&s->flights);
    if (!f)
        return;
    init_flight(f, s, of->group);
    f->probed = u;
    f->qtype = of->qtype;
    f->qclass = of->qclass;
    f->name_len = of->name_len;
    f->query_len = of->query_len;
    memcpy(f->query, of->query, of->query_len);
    upstream_is_probed(u);
    flight_begin_probe(f);
}

unsigned upstream_group_for(const struct upstream_set *s, struct slice qname)
{
    return roster_group_for(s->roster, qname);
}

const struct server *upstream_foresee(const struct upstream_set *s, unsigned group,
                                      struct slice qname)
{
    const struct upstream *u = group_foresee(s, group, qname);

    return u ? u->server : NULL;
}

bool upstream_has_route(const struct upstream_set *s, struct slice qname)
{
    return roster_has_route(s->roster, qname);
}

uint64_t upstream_routing(const struct upstream_set *s)
{
    return s->roster->routing;
}

err_t upstream_ask(struct upstream_set *s, unsigned group,
                   const struct compose_query_settings *query, upstream_answer_fn *answer_fn,
                   void *arg, struct upstream_asked *ret_asked)
{
    struct waiter *w = pool_take(&s->waiters);
    struct flight *f, *other;
    err_t err = w ? make_flight(s, &s->groups[group], query, &f) : ERR_BUSY;

    path_look(s);
    if (err != OK) {
        if (w)
            pool_give(&s->waiters, w);
        return err;
    }
    other = equal_join(&s->equal, f);
    *w = (struct waiter){ .flight = other ? other : f, .answer = answer_fn, .arg = arg };
    list_append(&w->flight->waiters, &w->link);
    if (ret_asked)
        *ret_asked = (struct upstream_asked){ pool_handle(w), other != NULL };
    if (other) {
        pool_give(&s->flights, f);
        metrics_count(s->context->metrics, METRIC_upstream_joined);
    } else {
        flight_begin(f);
    }
    return OK;
}
