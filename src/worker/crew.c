/* worker/crew.c - all workers as one: started together, given a plan together, stopped together.
 *
 * Called by: command/service.c (start, reload, stop), the control room (what is in force,
 * counters). Owns: the workers, what they share, and the plan in force.
 */
#include "worker/crew.h"

#include "base/clock.h"
#include "cache/cache.h"
#include "listen/admission.h"
#include "log/log.h"
#include "policy/tell.h"
#include "querylog/querylog.h"
#include "worker/plan.h"
#include "worker/prefetch.h"
#include "worker/trial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void wait_for(sem_t *done)
{
    while (sem_wait(done) != 0)
        ; /* a signal */
}

/* Gives the plan to all workers and waits until each has put it in force. */
static err_t tell_all(struct crew *c, struct plan *plan)
{
    sem_t done;
    err_t err = OK;
    size_t asked = 0;

    sem_init(&done, 0, 0);
    for (; asked < c->count && err == OK; asked += err == OK)
        err = worker_apply(c->workers[asked], plan, &done);
    while (asked-- > 0)
        wait_for(&done);
    sem_destroy(&done);
    return err;
}

static err_t make_commons(struct crew *c)
{
    TRY(admission_new(&c->commons.admission));
    TRY(policy_state_new(&c->commons.policy));
    TRY(querylog_new(&c->commons.querylog, c->plan->workers));
    if (c->plan->cache.size == 0)
        return OK;
    TRY(prefetch_new(&c->commons.prefetch));
    return cache_new(&c->commons.cache, &c->plan->cache);
}

static err_t start_workers(struct crew *c)
{
    c->workers = calloc(c->plan->workers, sizeof *c->workers);
    if (!c->workers)
        return ERR_NOMEM;
    for (; c->count < c->plan->workers; c->count++) {
        TRY(worker_new(&c->workers[c->count], c->count, &c->commons));
        TRY(worker_start(c->workers[c->count]));
    }
    return tell_all(c, c->plan);
}

err_t crew_start(struct crew *c, struct plan *plan, char reason[PLAN_REASON_MAX])
{
    snprintf(reason, PLAN_REASON_MAX,
             "cannot start the threads: out of memory or of processes; lower workers");
    c->plan = plan;
    c->started_ns = clock_monotonic_ns();
    TRY(make_commons(c));
    TRY(querylog_apply(c->commons.querylog, plan->config, reason));
    return start_workers(c);
}

err_t crew_apply(struct crew *c, struct plan *plan, char reason[PLAN_REASON_MAX])
{
    TRY(querylog_apply(c->commons.querylog, plan->config, reason));
    TRY(tell_all(c, plan));
    if (c->commons.cache)
        cache_configure(c->commons.cache, &plan->cache);
    plan_free(&c->plan);
    c->plan = plan;
    return OK;
}

err_t crew_ask(const struct crew *c, worker_ask_fn *ask, void *arg)
{
    sem_t done;
    err_t err = OK;

    sem_init(&done, 0, 0);
    for (size_t i = 0; i < c->count && err == OK; i++) {
        err = worker_ask(c->workers[i], ask, arg, &done);
        if (err == OK)
            wait_for(&done);
    }
    sem_destroy(&done);
    return err;
}

static void ask_trial(void *arg, struct worker *w)
{
    (void)arg;
    trial_ask(w);
}

void crew_try_upstreams(const struct crew *c)
{
    worker_ask(c->workers[0], ask_trial, NULL, NULL); /* if memory is out, next time */
}

size_t crew_count_stuck(const struct crew *c)
{
    const uint64_t now_ns = clock_monotonic_ns();
    size_t count = 0;

    for (size_t i = 0; i < c->count; i++)
        count += worker_is_stuck(c->workers[i], now_ns);
    return count;
}

static void tell_stuck(const struct crew *c)
{
    const uint64_t now_ns = clock_monotonic_ns();

    for (size_t i = 0; i < c->count; i++)
        if (worker_is_stuck(c->workers[i], now_ns))
            log_event(EVENT_worker_stuck, "worker=%zu", i);
}

void crew_look_after(const struct crew *c)
{
    plan_refresh(c->plan);
    policy_state_tell(c->commons.policy, clock_monotonic_ns());
    overload_tell(admission_overload(c->commons.admission), clock_monotonic_ns());
    querylog_look_after(c->commons.querylog);
    tell_stuck(c);
}

void crew_stop(struct crew *c)
{
    for (size_t i = 0; i < c->count; i++)
        worker_stop(c->workers[i]);
    for (size_t i = 0; i < c->count; i++)
        worker_join(c->workers[i]);
}

void crew_free(struct crew *c)
{
    for (size_t i = 0; c->workers && i < c->plan->workers; i++) /* also one that did not start */
        worker_free(&c->workers[i]);
    free(c->workers);
    plan_free(&c->plan);
    admission_free(&c->commons.admission);
    policy_state_free(&c->commons.policy);
    querylog_free(&c->commons.querylog);
    prefetch_free(&c->commons.prefetch);
    cache_free(&c->commons.cache);
    *c = (struct crew){ 0 };
}

/* How full it is at this moment, and how often it was too full. */
static void count_crowd(const struct commons *c, struct counter *ret_counters)
{
    struct overload *overload = admission_overload(c->admission);

    ret_counters[0] = (struct counter){ "connections", admission_connections(c->admission) };
    ret_counters[1] = (struct counter){ "connection_bytes", admission_bytes(c->admission) };
    ret_counters[2] = (struct counter){ "overload", overload_is_on(overload) };
    ret_counters[3] = (struct counter){ "overloads", atomic_load(&overload->times) };
}

void crew_gauges(const struct crew *c, uint64_t ret_sums[GAUGE_COUNT])
{
    memset(ret_sums, 0, GAUGE_COUNT * sizeof *ret_sums);
    for (size_t i = 0; i < c->count; i++)
        metrics_sum_gauges(&c->workers[i]->metrics, ret_sums);
}

void crew_counters(const struct crew *c, struct counter ret_counters[CREW_COUNTERS])
{
    uint64_t sums[METRIC_COUNT] = { 0 }, gauges[GAUGE_COUNT];
    struct cache_stats cache = { 0 };

    for (size_t i = 0; i < c->count; i++)
        metrics_sum(&c->workers[i]->metrics, sums);
    if (c->commons.cache)
        cache_stats(c->commons.cache, &cache);
    metrics_name(sums, ret_counters);
    ret_counters += METRIC_COUNT;
    ret_counters[0] = (struct counter){ "cache_entries", cache.entries };
    ret_counters[1] = (struct counter){ "cache_bytes", cache.bytes };
    ret_counters[2] = (struct counter){ "cache_insertions", cache.insertions };
    ret_counters[3] = (struct counter){ "cache_evictions", cache.evictions };
    ret_counters[4] = (struct counter){ "cache_expirations", cache.expirations };
    count_crowd(&c->commons, ret_counters + 5);
    crew_gauges(c, gauges);
    metrics_name_gauges(gauges, ret_counters + 9);
}

size_t crew_policy_counts(const struct crew *c, struct policy_count ret_counts[POLICY_COUNTS_MAX])
{
    struct policy_sums sums = { 0 };

    for (size_t i = 0; i < c->count; i++)
        policy_counts_add(&c->workers[i]->policy.counts, &sums);
    return policy_counts_list(&sums, ret_counts);
}

uint64_t crew_replies_of(const struct crew *c, unsigned rcode)
{
    uint64_t count = 0;

    for (size_t i = 0; i < c->count; i++)
        count += atomic_load_explicit(&c->workers[i]->replies.rcodes[rcode], memory_order_relaxed);
    return count;
}

void crew_latency(const struct crew *c, enum query_source source, struct histogram_sum *sum)
{
    for (size_t i = 0; i < c->count; i++)
        histogram_sum(&c->workers[i]->replies.latency[source], sum);
}
