/* querylog/outlet.c - one stream of records.
 *
 * Called by: querylog.c: made and freed by main, written to by the thread that writes.
 * Owns: the sink and its courier.
 */
#include "querylog/outlet.h"

#include "base/clock.h"
#include "base/counter.h"
#include "base/random.h"
#include "config/config.h"
#include "querylog/desk.h"
#include "querylog/privacy.h"

#include <stdio.h>
#include <stdlib.h>

#define JOIN_EXTRA_NS (2 * NS_PER_S) /* for a disk that takes its time, when all else is done */

static uint64_t load(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static void tell_fault(void *arg, const char *option, const char *text)
{
    snprintf(arg, QUERYLOG_REASON_MAX, "query_log: %s: %s", option, text);
}

static void finish_before(void *arg)
{
    struct outlet *o = arg;

    list_for_each (node, &o->before) {
        struct outlet *before = LIST_OF(node, struct outlet, link);

        outlet_free(&before);
    }
}

static err_t open_sink(struct outlet *o, char reason[QUERYLOG_REASON_MAX])
{
    const struct sink_ops *ops;
    struct url_fault fault;
    err_t err;

    TRY(target_parse(&o->store, o->config->to, &o->target, &fault));
    ops = sink_find(o->target.kind, o->format->is_binary);
    o->sink = calloc(1, ops->size);
    if (!o->sink)
        return ERR_NOMEM;
    o->sink->ops = ops;
    o->sink->config = o->config;
    o->sink->target = &o->target;
    tray_init(&o->sink->tray, ops->room);
    pthread_mutex_init(&o->sink->lock, NULL);
    err = ops->open(o->sink, reason);
    if (err == OK)
        err = courier_init(&o->courier, o->sink, finish_before, o);
    return err;
}

/* What outlet_done releases, also when only a part of it was opened. */
static err_t open_parts(struct outlet *o, char reason[QUERYLOG_REASON_MAX])
{
    char why[PRIVACY_REASON_MAX];
    struct random random = { 0 };
    err_t err;

    o->format = query_log_format(o->config);
    o->stream = random_u64(&random);
    TRY(filter_init(&o->filter, o->config, tell_fault, reason));
    err = privacy_new(&o->privacy, o->config, why);
    if (err != OK) {
        snprintf(reason, QUERYLOG_REASON_MAX, "query_log: %s: %s", o->config->to, why);
        return err;
    }
    filter_set_key(&o->filter, privacy_key(o->privacy));
    return open_sink(o, reason);
}

static void sink_done(struct sink *s)
{
    s->ops->close(s);
    tray_done(&s->tray);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

static void outlet_done(struct outlet *o)
{
    if (o->sink)
        sink_done(o->sink);
    courier_done(&o->courier);
    privacy_free(&o->privacy);
    filter_done(&o->filter);
    store_done(&o->store);
    config_unref(&o->held);
    free(o);
}

err_t outlet_new(struct outlet **ret_outlet, struct config *config, size_t item,
                 char reason[QUERYLOG_REASON_MAX])
{
    struct outlet *o = calloc(1, sizeof *o);
    err_t err;

    snprintf(reason, QUERYLOG_REASON_MAX, "%s", err_text(ERR_NOMEM));
    if (!o)
        return ERR_NOMEM;
    list_init(&o->link);
    list_init(&o->before);
    o->held = config_ref(config);
    o->config = config_item(config, &query_log_section, item);
    err = open_parts(o, reason);
    if (err != OK) {
        outlet_done(o);
        return err;
    }
    *ret_outlet = o;
    return OK;
}

static bool is_in_the_way(const struct query_log_config *of, const struct query_log_config *other)
{
    return strcmp(of->to, other->to) == 0 || (of->spool[0] && strcmp(of->spool, other->spool) == 0);
}

void outlet_take_before(struct outlet *o, struct list *leaving)
{
    list_for_each (node, leaving) {
        if (!is_in_the_way(o->config, LIST_OF(node, struct outlet, link)->config))
            continue;
        list_remove(node);
        list_append(&o->before, node);
    }
}

void outlet_go(struct outlet *o)
{
    courier_go(&o->courier);
}

void outlet_finish(struct outlet *o, const struct belt_losses *belts, unsigned patience_ms)
{
    o->lost_after = *belts;
    o->until_ns = clock_monotonic_ns() + patience_ms * NS_PER_MS + JOIN_EXTRA_NS;
    courier_finish(&o->courier, patience_ms);
}

bool outlet_has_finished(struct outlet *o)
{
    return courier_has_ended(&o->courier);
}

/* Those that the workers have lost. */
static uint64_t lost_by_belts(const struct outlet *o, const struct belt_losses *belts)
{
    uint64_t lost = belts->queries - o->lost_before.queries;

    if (o->format->wants_messages)
        lost += belts->exchanges - o->lost_before.exchanges;
    return lost;
}

static uint64_t lost_until_now(const struct outlet *o, const struct belt_losses *belts)
{
    return lost_by_belts(o, belts) + load(&o->refused) + load(&o->sink->lost);
}

struct outlet_count outlet_count(const struct outlet *o, const struct belt_losses *belts)
{
    const struct sink *s = o->sink;
    struct outlet_count c = {
        .written = load(&s->written),
        .lost = lost_until_now(o, belts),
        .overrun = lost_by_belts(o, belts),
        .spooled = load(&s->kept),
        .skipped = load(&o->skipped),
        .inherited = load(&s->inherited),
    };
    uint64_t came = load(&o->taken) + c.inherited, gone = c.written + load(&s->lost) + c.spooled;

    c.waiting = came > gone ? came - gone : 0; /* they are not read all at once */
    return c;
}

static void tell_lost(struct outlet *o, uint64_t lost)
{
    if (lost > o->lost_told)
        log_event(EVENT_query_log_lost, "to=%s records=%llu", o->config->to,
                  (unsigned long long)(lost - o->lost_told));
    o->lost_told = lost;
}

void outlet_free(struct outlet **outlet)
{
    struct outlet *o = *outlet;
    bool has_gone, has_ended;

    if (!o)
        return;
    *outlet = NULL;
    list_remove(&o->link);
    has_gone = o->courier.has_gone;
    has_ended = courier_join(&o->courier, o->until_ns);
    if (has_gone)
        tell_lost(o, lost_until_now(o, &o->lost_after) + outlet_count(o, &o->lost_after).waiting);
    if (has_ended)
        outlet_done(o);
}

/* Exchanges with upstreams are for those formats that have a place for them. */
static bool is_wanted(const struct outlet *o, const struct log_view *view)
{
    return (view->head->kind == RECORD_QUERY || o->format->wants_messages) &&
           filter_passes(&o->filter, view);
}

/* A format begins with an empty pen, whatever stands before the frame. */
static void write_frame(const struct outlet *o, const struct log_view *view,
                        const struct stamp *stamp, unsigned frame, struct pen *scratch)
{
    struct pen pen = pen_on(scratch->next, (size_t)(scratch->end - scratch->next));

    o->format->write(&pen, view, stamp, frame);
    scratch->next = pen.next;
    scratch->is_too_long |= pen.is_too_long;
}

/* All frames of a record. */
static void write_frames(struct outlet *o, const struct log_view *view, const struct stamp *stamp,
                         bool is_cut, struct pen *scratch)
{
    const struct sink_ops *ops = o->sink->ops;
    unsigned count = o->format->count_frames ? o->format->count_frames(view) : 1;

    *scratch = pen_on(scratch->start, (size_t)(scratch->end - scratch->start));
    for (unsigned frame = 0; frame < count; frame++) {
        size_t start = pen_slice(scratch).len;

        if (ops->open_frame)
            ops->open_frame(o->sink, scratch, view, stamp, is_cut);
        write_frame(o, view, stamp, frame, scratch);
        if (ops->close_frame)
            ops->close_frame(scratch, start);
    }
}

unsigned outlet_wants(const struct outlet *o)
{
    return WANTS_RECORDS | (o->format->wants_messages ? WANTS_MESSAGES : 0u);
}

static bool is_too_long(const struct outlet *o, const struct pen *scratch)
{
    const size_t max = o->sink->ops->record_max;

    return scratch->is_too_long || (max > 0 && pen_slice(scratch).len > max);
}

/* A record that is too long for where it goes goes without its answers, or not at all. */
static bool write_record(struct outlet *o, const struct log_view *view, const struct stamp *stamp,
                         struct pen *scratch)
{
    write_frames(o, view, stamp, false, scratch);
    if (is_too_long(o, scratch)) {
        struct log_view bare = *view;

        bare.message.header.ancount = 0;
        write_frames(o, &bare, stamp, true, scratch);
    }
    return !is_too_long(o, scratch) && tray_put(&o->sink->tray, pen_slice(scratch));
}

void outlet_write(struct outlet *o, const struct log_view *view, const struct belt_losses *belts,
                  struct pen *scratch)
{
    const struct stamp stamp = {
        .sequence = load(&o->taken) + lost_by_belts(o, belts) + load(&o->refused) + 1,
        .lost = lost_until_now(o, belts),
        .stream = o->stream,
        .identity = o->config->identity,
        .sample = o->config->sample,
        .clients = o->config->clients,
    };

    if (!is_wanted(o, view)) {
        if (view->head->kind == RECORD_QUERY)
            counter_raise(&o->skipped, 1);
        return;
    }
    view = privacy_apply(o->privacy, view);
    if (write_record(o, view, &stamp, scratch)) {
        counter_raise(&o->taken, 1);
        o->has_news = true;
    } else {
        counter_raise(&o->refused, 1);
    }
}

void outlet_flush(struct outlet *o, const struct belt_losses *belts, uint64_t now_ns)
{
    uint64_t lost = lost_until_now(o, belts), before;

    if (privacy_refresh(o->privacy, now_ns))
        filter_set_key(&o->filter, privacy_key(o->privacy));
    if (o->has_news)
        courier_wake(&o->courier);
    o->has_news = false;
    if (lost > o->lost_told && log_gate_opens(&o->gate, now_ns, &before))
        tell_lost(o, lost);
}
