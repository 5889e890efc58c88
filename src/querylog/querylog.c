/* querylog/querylog.c - the streams of records, and the thread that writes them.
 *
 * Called by: command/service.c (started, changed, ended), worker/crew.c (desks).
 * Owns: desks, outlets, the thread. The lock lies between main and the thread; no worker knows it.
 */
#include "querylog/querylog.h"

#include "base/clock.h"
#include "base/thread.h"
#include "config/config.h"
#include "config/same.h"
#include "querylog/outlet.h"
#include "querylog/recorder.h"
#include "querylog/tail.h"

#include <errno.h>
#include <stdlib.h>

#define BELT_SIZE   (4u << 20) /* of each worker: a tenth of a second at full speed, and more */
#define RECORD_MAX  (1u << 20) /* bytes of one record as it is written */
#define BATCH       256        /* records whose room is given back together */
#define ROUND       500        /* records that a round should find */
#define ROUND_MAX   32768      /* of one belt at most: more than it holds */
#define ROUND_NS    (20 * NS_PER_MS) /* main wants the lock, too */
#define PAUSE_MIN   NS_PER_MS
#define PAUSE_MAX   (20 * NS_PER_MS)
#define PATIENCE_MS 3000 /* at the end, for sinks that are slow */
#define TURN_MS     100  /* that a worker's turn may take */
#define TAILS_MAX   8    /* each costs the thread that writes its time */

struct querylog {
    size_t workers;
    struct querylog_desk *desks;
    pthread_t thread;
    pthread_mutex_t lock; /* for all below */
    pthread_cond_t told;
    struct list outlets;
    struct list tails;
    size_t tail_count;
    struct recorder *recorder; /* NULL: nothing is kept */
    struct list leaving; /* main's own: outlets that get no more records, and have not ended yet */
    bool runs, stops;
    uint8_t *scratch;
};

static struct belt_losses belts_lost(const struct querylog *q)
{
    struct belt_losses lost = { 0 };

    for (size_t i = 0; i < q->workers; i++) {
        lost.queries += atomic_load_explicit(&q->desks[i].lost, memory_order_relaxed);
        lost.exchanges += atomic_load_explicit(&q->desks[i].exchanges_lost, memory_order_relaxed);
    }
    return lost;
}

static void write_record(struct querylog *q, struct slice bytes, uint64_t wall_ahead_ns,
                         const struct belt_losses *lost, struct pen *scratch)
{
    struct log_view view = record_read(bytes);

    view.arrived_wall_ns = view.head->arrived_ns + wall_ahead_ns;
    list_for_each (node, &q->outlets)
        outlet_write(LIST_OF(node, struct outlet, link), &view, lost, scratch);
    list_for_each (node, &q->tails)
        tail_write(LIST_OF(node, struct tail, link), &view, lost, scratch);
    if (q->recorder)
        recorder_write(q->recorder, &view, lost, scratch);
}

static void flush_all(struct querylog *q)
{
    struct belt_losses lost = belts_lost(q);
    uint64_t now_ns = clock_monotonic_ns();

    list_for_each (node, &q->outlets)
        outlet_flush(LIST_OF(node, struct outlet, link), &lost, now_ns);
    list_for_each (node, &q->tails)
        tail_flush(LIST_OF(node, struct tail, link), &lost);
}

/* Until then, or all that there was. Returns how many records. After each batch their room goes
 * back to the worker. */
static size_t empty_belt(struct querylog *q, struct belt *belt, uint64_t until_ns,
                         struct pen *scratch)
{
    uint64_t wall_ahead_ns = clock_wall_ns() - clock_monotonic_ns();
    struct belt_losses lost = belts_lost(q);
    struct slice bytes;
    size_t count = 0;

    while (count < ROUND_MAX && (bytes = belt_next(belt)).len > 0) {
        write_record(q, bytes, wall_ahead_ns, &lost, scratch);
        if (++count % BATCH != 0)
            continue;
        belt_release(belt);
        lost = belts_lost(q);
        if (clock_monotonic_ns() >= until_ns)
            break;
    }
    belt_release(belt);
    return count;
}

static size_t empty_belts_until(struct querylog *q, uint64_t until_ns)
{
    struct pen scratch = pen_on(q->scratch, RECORD_MAX);
    size_t count = 0;

    for (size_t i = 0; i < q->workers; i++)
        count += empty_belt(q, &q->desks[i].belt, until_ns, &scratch);
    flush_all(q);
    return count;
}

/* All that was on them. */
static void empty_belts(struct querylog *q)
{
    empty_belts_until(q, UINT64_MAX);
}

/* The more records there were, the shorter: what a round reads is still in the processor's cache
 * then. Returns the pause. */
static uint64_t pause_after(size_t records, uint64_t last_ns)
{
    uint64_t pause_ns = records > 0 ? last_ns * ROUND / records : PAUSE_MAX;

    if (pause_ns < PAUSE_MIN)
        return PAUSE_MIN;
    return pause_ns < PAUSE_MAX ? pause_ns : PAUSE_MAX;
}

static void pause_for(struct querylog *q, uint64_t pause_ns)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += (long)pause_ns;
    if (until.tv_nsec >= (long)NS_PER_S) {
        until.tv_nsec -= (long)NS_PER_S;
        until.tv_sec++;
    }
    pthread_cond_clockwait(&q->told, &q->lock, CLOCK_MONOTONIC, &until);
}

/* Whether anybody wants records. */
static bool is_wanted(const struct querylog *q)
{
    return !list_is_empty(&q->outlets) || !list_is_empty(&q->tails) || q->recorder;
}

static void *run(void *arg)
{
    struct querylog *q = arg;
    uint64_t pause_ns = PAUSE_MAX;
    size_t records;

    pthread_mutex_lock(&q->lock);
    while (!q->stops) {
        if (!is_wanted(q)) {
            pthread_cond_wait(&q->told, &q->lock);
            continue;
        }
        records = empty_belts_until(q, clock_monotonic_ns() + ROUND_NS);
        pause_ns = pause_after(records, pause_ns);
        pause_for(q, pause_ns);
    }
    empty_belts(q);
    pthread_mutex_unlock(&q->lock);
    return NULL;
}

err_t querylog_new(struct querylog **ret_log, size_t workers)
{
    struct querylog *q = calloc(1, sizeof *q);

    if (!q)
        return ERR_NOMEM;
    q->workers = workers;
    q->desks = aligned_alloc(64, workers * sizeof *q->desks);
    if (!q->desks) {
        free(q);
        return ERR_NOMEM;
    }
    memset(q->desks, 0, workers * sizeof *q->desks);
    pthread_mutex_init(&q->lock, NULL);
    pthread_cond_init(&q->told, NULL);
    list_init(&q->outlets);
    list_init(&q->tails);
    list_init(&q->leaving);
    *ret_log = q;
    return OK;
}

/* What is needed only once somebody wants records. */
static err_t start(struct querylog *q)
{
    if (q->runs)
        return OK;
    if (!q->scratch)
        q->scratch = malloc(RECORD_MAX);
    if (!q->scratch)
        return ERR_NOMEM;
    for (size_t i = 0; i < q->workers; i++)
        if (!q->desks[i].belt.bytes)
            TRY(belt_init(&q->desks[i].belt, BELT_SIZE));
    TRY(thread_start(&q->thread, "dotproxy-qlog", run, q));
    q->runs = true;
    return OK;
}

static void free_outlets(struct list *outlets)
{
    list_for_each (node, outlets) {
        struct outlet *o = LIST_OF(node, struct outlet, link);

        outlet_free(&o);
    }
}

/* The stream that says what item `item` does, or NULL. */
static struct outlet *find_same(struct querylog *q, const void *item)
{
    list_for_each (node, &q->outlets) {
        struct outlet *o = LIST_OF(node, struct outlet, link);

        if (section_item_same(&query_log_section, o->config, item))
            return o;
    }
    return NULL;
}

/* Streams that are new; ERR_NOTFOUND and the like as outlet_new says. */
static err_t open_new(struct querylog *q, struct config *config, struct list *ret_new,
                      char reason[QUERYLOG_REASON_MAX])
{
    struct outlet *o;

    for (size_t i = 0; i < config_count(config, &query_log_section); i++) {
        if (find_same(q, config_item(config, &query_log_section, i)))
            continue;
        TRY(outlet_new(&o, config, i, reason));
        list_append(ret_new, &o->link);
    }
    return OK;
}

static bool is_in(const struct config *config, const struct outlet *o)
{
    for (size_t i = 0; i < config_count(config, &query_log_section); i++)
        if (section_item_same(&query_log_section, o->config,
                              config_item(config, &query_log_section, i)))
            return true;
    return false;
}

/* With the lock held: says at the desks what is wanted of them. */
static void tell_desks(struct querylog *q)
{
    unsigned wants = list_is_empty(&q->tails) && !q->recorder ? 0 : WANTS_RECORDS;

    list_for_each (node, &q->outlets)
        wants |= outlet_wants(LIST_OF(node, struct outlet, link));
    for (size_t i = 0; i < q->workers; i++)
        atomic_store_explicit(&q->desks[i].wants, wants, memory_order_release);
    pthread_cond_signal(&q->told);
}

/* What clients have their answers to gets onto the belts: it is there when the turn ends in which
 * they were sent. */
static void await_turns(const struct querylog *q)
{
    static const struct timespec moment = { .tv_nsec = (long)NS_PER_MS / 10 };
    const uint64_t until_ns = clock_monotonic_ns() + TURN_MS * NS_PER_MS;

    for (size_t i = 0; i < q->workers; i++)
        while (querylog_is_in_turn(&q->desks[i]) && clock_monotonic_ns() < until_ns)
            nanosleep(&moment, NULL);
}

/* With the lock held: all that was noted until now still goes to the streams that were there. */
static void let_leave(struct querylog *q, const struct config *config)
{
    struct belt_losses lost;

    await_turns(q);
    if (q->runs)
        empty_belts(q);
    lost = belts_lost(q);
    list_for_each (node, &q->outlets) {
        struct outlet *o = LIST_OF(node, struct outlet, link);

        if (is_in(config, o))
            continue;
        outlet_finish(o, &lost, PATIENCE_MS);
        list_remove(node);
        list_append(&q->leaving, node);
    }
}

/* Between two rounds of the thread. */
static void exchange(struct querylog *q, const struct config *config, struct list *new_ones)
{
    struct belt_losses lost;

    pthread_mutex_lock(&q->lock);
    let_leave(q, config);
    lost = belts_lost(q);
    list_for_each (node, new_ones) {
        struct outlet *o = LIST_OF(node, struct outlet, link);

        o->lost_before = lost;
        outlet_take_before(o, &q->leaving);
        outlet_go(o);
    }
    list_move_all(&q->outlets, new_ones);
    tell_desks(q);
    pthread_mutex_unlock(&q->lock);
}

err_t querylog_apply(struct querylog *q, struct config *config, char reason[QUERYLOG_REASON_MAX])
{
    struct list new_ones;
    err_t err = open_new(q, config, (list_init(&new_ones), &new_ones), reason);

    if (err == OK && !list_is_empty(&new_ones))
        err = start(q);
    if (err != OK) {
        free_outlets(&new_ones);
        return err;
    }
    exchange(q, config, &new_ones);
    return OK;
}

err_t querylog_keep(struct querylog *q, size_t size)
{
    struct recorder *recorder;

    TRY(start(q));
    TRY(recorder_new(&recorder, size));
    pthread_mutex_lock(&q->lock);
    q->recorder = recorder;
    tell_desks(q);
    pthread_mutex_unlock(&q->lock);
    return OK;
}

bool querylog_read_kept(struct querylog *q, querylog_lines_fn *take, void *arg)
{
    if (!q->recorder)
        return false;
    pthread_mutex_lock(&q->lock);
    empty_belts(q);
    recorder_read(q->recorder, take, arg);
    pthread_mutex_unlock(&q->lock);
    return true;
}

bool querylog_seize(struct querylog *q)
{
    return pthread_mutex_trylock(&q->lock) == 0;
}

const struct recorder *querylog_recorder(const struct querylog *q)
{
    return q->recorder;
}

size_t querylog_workers(const struct querylog *q)
{
    return q->workers;
}

err_t querylog_attach(struct querylog *q, struct tail *t)
{
    err_t err = start(q);

    if (err != OK)
        return err;
    pthread_mutex_lock(&q->lock);
    if (q->tail_count == TAILS_MAX) {
        err = ERR_TOOBIG;
    } else {
        empty_belts(q); /* what was noted before is not for this one */
        t->lost_before = belts_lost(q);
        t->log = q;
        list_append(&q->tails, &t->link);
        q->tail_count++;
        tell_desks(q);
    }
    pthread_mutex_unlock(&q->lock);
    return err;
}

void querylog_detach(struct tail *t)
{
    struct querylog *q = t->log;

    pthread_mutex_lock(&q->lock);
    list_remove(&t->link);
    q->tail_count--;
    tell_desks(q);
    pthread_mutex_unlock(&q->lock);
}

void querylog_look_after(struct querylog *q)
{
    list_for_each (node, &q->leaving) {
        struct outlet *o = LIST_OF(node, struct outlet, link);

        if (outlet_has_finished(o))
            outlet_free(&o);
    }
}

void querylog_reopen(struct querylog *q)
{
    pthread_mutex_lock(&q->lock);
    list_for_each (node, &q->outlets)
        courier_reopen(&LIST_OF(node, struct outlet, link)->courier);
    pthread_mutex_unlock(&q->lock);
}

static void read_count(struct outlet *o, const struct belt_losses *lost,
                       struct querylog_count *ret_count)
{
    static const char *const states[] = {
        [SINK_OPENING] = "opening", [SINK_WORKS] = "writing", [SINK_FAILS] = "failing"
    };
    struct outlet_count c = outlet_count(o, lost);

    *ret_count = (struct querylog_count){
        .to = o->config->to,
        .format = o->format->name,
        .written = c.written,
        .lost = c.lost,
        .overrun = c.overrun,
        .waiting = c.waiting,
        .spooled = c.spooled,
        .skipped = c.skipped,
        .inherited = c.inherited,
    };
    ret_count->state = states[sink_state(o->sink, ret_count->why)];
}

size_t querylog_counts(struct querylog *q, struct querylog_count *ret_counts, size_t max)
{
    struct belt_losses lost = belts_lost(q);
    size_t count = 0;

    pthread_mutex_lock(&q->lock);
    list_for_each (node, &q->outlets) {
        if (count++ < max)
            read_count(LIST_OF(node, struct outlet, link), &lost, &ret_counts[count - 1]);
    }
    pthread_mutex_unlock(&q->lock);
    return count;
}

struct querylog_desk *querylog_desk(struct querylog *q, size_t worker)
{
    return &q->desks[worker];
}

void querylog_free(struct querylog **log)
{
    struct querylog *q = *log;
    struct belt_losses lost;

    if (!q)
        return;
    *log = NULL;
    pthread_mutex_lock(&q->lock);
    q->stops = true;
    pthread_cond_signal(&q->told);
    pthread_mutex_unlock(&q->lock);
    if (q->runs)
        pthread_join(q->thread, NULL);
    lost = belts_lost(q);
    list_for_each (node, &q->outlets)
        outlet_finish(LIST_OF(node, struct outlet, link), &lost, PATIENCE_MS);
    free_outlets(&q->outlets);
    free_outlets(&q->leaving);
    for (size_t i = 0; i < q->workers; i++)
        belt_done(&q->desks[i].belt);
    recorder_free(&q->recorder);
    pthread_cond_destroy(&q->told);
    pthread_mutex_destroy(&q->lock);
    free(q->scratch);
    free(q->desks);
    free(q);
}
