#ifndef WORKER_CREW_H
#define WORKER_CREW_H

#include "worker/plan.h"
#include "worker/worker.h"

#define CREW_COUNTERS (METRIC_COUNT + GAUGE_COUNT + 9)

/* All workers, what they share, and the plan in force. Belongs to the main thread. Zero it first.
 */
struct crew {
    struct plan *plan;
    struct commons commons;
    size_t count;
    struct worker **workers;
    uint64_t started_ns; /* monotonic */
};

/* Starts as many workers as `plan` says and puts it in force; takes it, also on failure. `reason`
 * says why not. */
err_t crew_start(struct crew *c, struct plan *plan, char reason[PLAN_REASON_MAX]);

/* Puts `plan` in force in place of the one before, and takes it; on failure nothing has changed. */
err_t crew_apply(struct crew *c, struct plan *plan, char reason[PLAN_REASON_MAX]);

/* Calls `ask` for one worker after the other, on its own thread, while the caller waits. On failure
 * some have not been asked. */
err_t crew_ask(const struct crew *c, worker_ask_fn *ask, void *arg);

/* Has a worker ask the upstreams for something, and does not wait for what comes of it. */
void crew_try_upstreams(const struct crew *c);

/* Every few seconds: puts changed files in force, and tells the log what is over a limit and what
 * there is too little of. */
void crew_look_after(const struct crew *c);

/* How many workers do not go on. From any thread while the crew works. */
size_t crew_count_stuck(const struct crew *c);

/* Lets the workers answer what is in flight, and ends their threads. The counters stay. */
void crew_stop(struct crew *c);
void crew_free(struct crew *c);

/* What all workers have counted since the start, the cache's numbers (0 without a cache), and how
 * full it is. */
void crew_counters(const struct crew *c, struct counter ret_counters[CREW_COUNTERS]);

/* What there is at this moment, by transport. */
void crew_gauges(const struct crew *c, uint64_t ret_sums[GAUGE_COUNT]);

/* Responses to clients with this RCODE; the last of them stands for all without a name. */
uint64_t crew_replies_of(const struct crew *c, unsigned rcode);

/* How long queries took whose response came from `source`; adds to `sum`. */
void crew_latency(const struct crew *c, enum query_source source, struct histogram_sum *sum);

/* What the rules of all workers have counted. Returns how many numbers that are. */
size_t crew_policy_counts(const struct crew *c, struct policy_count ret_counts[POLICY_COUNTS_MAX]);

#endif
