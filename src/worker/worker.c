/* worker/worker.c - one core's thread: it opens doors, starts queries, and leaves in good order.
 *
 * Called by: crew.c, by mail only.
 * Owns: everything of its core. Shares: the admission counters, the server list.
 */
#include "worker/worker.h"

#include "base/clock.h"
#include "io/netwatch.h"
#include "log/log.h"
#include "query/query.h"
#include "querylog/querylog.h"
#include "worker/pipeline.h"
#include "worker/plan.h"
#include "worker/stages.h"
#include "worker/stages_log.h"

#include <stdio.h>
#include <stdlib.h>

#define QUERIES_MAX   65536
#define STOP_AFTER_NS (5 * NS_PER_S)
#define SWEEP_NS      (20 * NS_PER_MS)

/* A letter from main: a plan to put in force, something to call, or neither: to stop. */
struct order {
    struct mail mail;
    struct plan *plan;
    worker_ask_fn *ask;
    void *arg;
    sem_t *done; /* may be NULL */
};

static void take_query(void *arg, struct listener *l, const struct arrival *arrival)
{
    struct worker *w = arg;
    struct query *q = query_begin(w, l);

    if (!q) {
        const struct query nothing = { .handle = arrival->handle };

        l->ops->reply(l, &nothing);
        return;
    }
    q->handle = arrival->handle;
    q->client = *arrival->client;
    q->is_proven = l->ops->stream;
    q->peer = arrival->peer ? *arrival->peer : *arrival->client;
    q->has_local = arrival->local;
    if (arrival->local)
        q->local = *arrival->local;
    q->message = arrival->message;
    q->message_len = (uint16_t)arrival->message.len;
    start_query(q);
}

static bool may_connect(void *arg, const union addr *client, bool shakes_hands)
{
    struct worker *w = arg;

    return policy_admits(&w->policy, client, shakes_hands, loop_now_ns(w->loop));
}

static void end(struct worker *w)
{
    list_for_each (node, &w->leaving) {
        struct listener *l = LIST_OF(node, struct listener, link);

        listener_close(&l);
    }
    w->upstreams = NULL;
    upstream_free_sets(&w->upstream);
    log_turn_ends(w); /* this turn has no end */
    loop_stop(w->loop);
}

/* Closes what has answered everything, and looks again while there is more. */
static void sweep(void *arg)
{
    struct worker *w = arg;
    bool is_over = w->stop_at_ns && loop_now_ns(w->loop) >= w->stop_at_ns;

    list_for_each (node, &w->leaving) {
        struct listener *l = LIST_OF(node, struct listener, link);

        if (l->waiting == 0 && l->ops->is_drained(l))
            listener_close(&l);
    }
    if (w->stop_at_ns && (is_over || list_is_empty(&w->leaving)))
        end(w);
    else if (!list_is_empty(&w->leaving))
        wheel_set(loop_wheel(w->loop), &w->sweep, loop_now_ns(w->loop) + SWEEP_NS, sweep, w);
}

static void leave(struct worker *w, struct listener *l)
{
    list_remove(&l->link);
    list_append(&w->leaving, &l->link);
    l->ops->drain(l);
}

static void open_door(struct worker *w, struct door *door)
{
    int fd = door->fds[w->index];
    struct listener *l;
    char text[ADDR_TEXT_MAX];
    err_t err;

    if (fd < 0)
        return;
    door->fds[w->index] = -1;
    err = listener_open(&l, door->ops, &w->listen, &door->addr, door->entrance, fd);
    if (err == OK)
        list_append(&w->doors, &l->link);
    else
        log_event(EVENT_listener_failed, "listener=%s://%s reason=\"%s\"", door->ops->name,
                  addr_format(&door->addr, text), err_text(err));
}

static void put_in_force(struct worker *w, struct plan *plan)
{
    struct upstream_set *upstreams;

    w->listen.limits = plan->limits;
    w->waiting_max = plan->waiting_max;
    w->policy.policy = plan->policy;
    w->policy.designated = plan->designated.records;
    w->policy.designated_count = plan->designated.count;
    w->stale_after_ns = plan->cache.stale_after;
    w->prefetch_percent = plan->cache.prefetch;
    if (upstream_set_new(&upstreams, &w->upstream, plan->roster) == OK) {
        upstream_set_retire(&w->upstreams);
        w->upstreams = upstreams;
    }
    list_for_each (node, &w->doors) {
        struct listener *l = LIST_OF(node, struct listener, link);

        const struct door *door = plan_find(plan, l->ops, &l->addr);

        if (door)
            listener_enter_by(l, door->entrance);
        else
            leave(w, l);
    }
    for (size_t i = 0; i < plan->door_count; i++)
        open_door(w, &plan->doors[i]);
    sweep(w);
}

static void prepare_to_stop(struct worker *w)
{
    w->stop_at_ns = loop_now_ns(w->loop) + STOP_AFTER_NS;
    list_for_each (node, &w->doors)
        leave(w, LIST_OF(node, struct listener, link));
    sweep(w);
}

static bool has_route(void *arg, struct slice name)
{
    const struct worker *w = arg;

    return upstream_has_route(w->upstreams, name);
}

static bool is_full(void *arg, const struct query *q)
{
    const struct worker *w = arg;
    struct slice name = question_name(&q->asked.question);

    return upstream_is_full(w->upstreams, upstream_group_for(w->upstreams, name));
}

static void take_orders(void *arg)
{
    struct worker *w = arg;
    struct mail *next;

    for (struct mail *mail = mailbox_take(&w->orders); mail; mail = next) {
        struct order *order = (struct order *)mail;

        next = mail->next;
        if (order->plan)
            put_in_force(w, order->plan);
        else if (order->ask)
            order->ask(order->arg, w);
        else
            prepare_to_stop(w);
        if (order->done)
            sem_post(order->done);
        free(order);
    }
}

static void network_changed(void *arg)
{
    struct worker *w = arg;

    upstream_network_changed(&w->upstream);
}

err_t worker_new(struct worker **ret_worker, size_t index, const struct commons *commons)
{
    struct worker *w = calloc(1, sizeof *w);

    if (!w || tally_init(&w->tally) != OK || loop_new(&w->loop) != OK) {
        if (w)
            tally_done(&w->tally);
        free(w);
        return ERR_NOMEM;
    }
    w->index = index;
    w->commons = commons;
    policy_desk_init(&w->policy, commons->policy);
    w->policy.has_route = has_route;
    w->policy.is_full = is_full;
    w->policy.push_out = push_out_query;
    w->policy.arg = w;
    w->log = querylog_desk(commons->querylog, index);
    list_init(&w->doors);
    list_init(&w->leaving);
    pool_init(&w->queries, sizeof(struct query), QUERIES_MAX);
    w->listen = (struct listen_context){ .loop = w->loop,
                                         .metrics = &w->metrics,
                                         .admission = commons->admission,
                                         .on_query = take_query,
                                         .may_connect = may_connect,
                                         .arg = w };
    w->upstream = (struct upstream_context){
        .loop = w->loop, .metrics = &w->metrics, .random = &w->random, .worker = index
    };
    list_init(&w->upstream.sets);
    loop_on_wake(w->loop, take_orders, w);
    netwatch_open(&w->netwatch, w->loop, network_changed, w); /* without it silence tells */
    *ret_worker = w;
    return OK;
}

static void *run(void *arg)
{
    struct worker *w = arg;

    loop_run(w->loop);
    return NULL;
}

err_t worker_start(struct worker *w)
{
    char name[16];

    snprintf(name, sizeof name, "dotproxy-%u", (unsigned)w->index % 1000);
    return thread_start(&w->thread, name, run, w);
}

static err_t post(struct worker *w, const struct order *letter)
{
    struct order *order = malloc(sizeof *order);

    if (!order)
        return ERR_NOMEM;
    *order = *letter;
    mailbox_post(&w->orders, &order->mail);
    loop_wake(w->loop);
    return OK;
}

err_t worker_apply(struct worker *w, struct plan *plan, sem_t *done)
{
    return post(w, &(struct order){ .plan = plan, .done = done });
}

err_t worker_ask(struct worker *w, worker_ask_fn *ask, void *arg, sem_t *done)
{
    return post(w, &(struct order){ .ask = ask, .arg = arg, .done = done });
}

bool worker_is_stuck(const struct worker *w, uint64_t now_ns)
{
    uint64_t since_ns = loop_busy_since_ns(w->loop);

    return since_ns && now_ns > since_ns + WORKER_STUCK_NS;
}

void worker_stop(struct worker *w)
{
    if (post(w, &(struct order){ 0 }) != OK)
        abort(); /* a thread that cannot be told to end */
}

void worker_join(struct worker *w)
{
    pthread_join(w->thread, NULL);
}

void worker_free(struct worker **worker)
{
    struct worker *w = *worker;

    if (!w)
        return;
    *worker = NULL;
    upstream_free_sets(&w->upstream);
    netwatch_close(&w->netwatch);
    loop_free(&w->loop);
    pool_done(&w->queries);
    tally_done(&w->tally);
    free(w);
}
