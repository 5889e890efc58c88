#ifndef WORKER_WORKER_H
#define WORKER_WORKER_H

#include "base/clock.h"
#include "base/pool.h"
#include "base/random.h"
#include "base/thread.h"
#include "dns/message.h"
#include "io/loop.h"
#include "listen/listen.h"
#include "metrics/metrics.h"
#include "policy/policy.h"
#include "upstream/ask.h"
#include "worker/replies.h"
#include "worker/tally.h"

#include <semaphore.h>

struct netwatch;
struct plan;
struct querylog;
struct querylog_desk;

/* What all workers share; each part takes care of that itself. */
struct commons {
    struct admission *admission;
    struct cache *cache; /* NULL: nothing is remembered */
    struct prefetch *prefetch;
    struct policy_state *policy;
    struct querylog *querylog;
};

/* One core: its own loop, doors, upstream connections and counters. */
struct worker {
    size_t index;
    pthread_t thread;
    struct loop *loop;
    struct random random;
    struct metrics metrics; /* read by main */
    struct mailbox orders;  /* posted by main */
    const struct commons *commons;
    struct listen_context listen;
    struct policy_desk policy;
    struct tally tally;
    struct replies replies; /* read by main */
    struct querylog_desk *log;
    struct turn_end log_turn;
    size_t waiting_max;        /* questions, of all workers */
    uint64_t stale_after_ns;   /* how long a client waits when an expired response is there */
    unsigned prefetch_percent; /* of a TTL: so little of it is left when it is fetched anew */
    struct netwatch *netwatch; /* NULL where the kernel does not tell */
    struct upstream_context upstream;
    struct upstream_set *upstreams;
    struct list doors;   /* listeners that are open */
    struct list leaving; /* listeners that take no new queries */
    struct pool queries;
    struct timer sweep;           /* while something is leaving */
    uint64_t stop_at_ns;          /* when it is stopping: the latest end */
    uint8_t out[DNS_MESSAGE_MAX]; /* where responses are composed */
};

/* `commons` outlives the worker. */
err_t worker_new(struct worker **ret_worker, size_t index, const struct commons *commons);
err_t worker_start(struct worker *w);

/* Puts `plan` in force between two turns; posts `done` when that has happened. */
err_t worker_apply(struct worker *w, struct plan *plan, sem_t *done);

/* Calls `ask` on the worker's thread between two turns; posts `done` when it has returned. */
typedef void worker_ask_fn(void *arg, struct worker *w);
err_t worker_ask(struct worker *w, worker_ask_fn *ask, void *arg, sem_t *done);

/* Whether it has been at one thing for so long that it hardly comes back. From any thread. */
#define WORKER_STUCK_NS (5 * NS_PER_S)
bool worker_is_stuck(const struct worker *w, uint64_t now_ns);

/* Lets the worker answer what is in flight, for 5 s at most, and ends it. */
void worker_stop(struct worker *w);
void worker_join(struct worker *w);
void worker_free(struct worker **w);

#endif
