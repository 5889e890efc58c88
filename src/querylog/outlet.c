/* querylog/outlet.c - one stream of records.
 *
 * Called by: querylog.c, on the thread that writes (made and freed by main).
 */
#include "querylog/outlet.h"

#include "base/clock.h"
#include "base/random.h"
#include "config/config.h"
#include "log/log.h"
#include "querylog/desk.h"
#include "querylog/privacy.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

static const char *word_of(const struct query_log_config *config, const char *option,
                           unsigned index, char text[16])
{
    struct slice word = words_at(option_find(&query_log_section, option)->min, index);

    (void)config;
    snprintf(text, 16, "%.*s", (int)word.len, (const char *)word.data);
    return text;
}

static void tell_fault(void *arg, const char *option, const char *text)
{
    snprintf(arg, QUERYLOG_REASON_MAX, "query_log: %s: %s", option, text);
}

/* What is released by outlet_done, also when only a part of it was opened. */
static err_t open_parts(struct outlet *o, char reason[QUERYLOG_REASON_MAX])
{
    const struct sink_ops *ops = sink_find(o->config->to);
    char why[PRIVACY_REASON_MAX];
    struct random random = { 0 };
    char format[16];
    err_t err;

    o->format = format_find(word_of(o->config, "format", o->config->format, format));
    o->stream = random_u64(&random);
    TRY(filter_init(&o->filter, o->config, tell_fault, reason));
    err = privacy_new(&o->privacy, o->config, why);
    if (err != OK) {
        snprintf(reason, QUERYLOG_REASON_MAX, "query_log: %s: %s", o->config->to, why);
        return err;
    }
    filter_set_key(&o->filter, privacy_key(o->privacy));
    o->sink = calloc(1, ops->size);
    if (!o->sink)
        return ERR_NOMEM;
    *o->sink = (struct sink){ ops, o->config };
    return ops->open(o->sink, reason);
}

static void outlet_done(struct outlet *o)
{
    free(o->sink);
    privacy_free(&o->privacy);
    filter_done(&o->filter);
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
    o->since_ns = clock_monotonic_ns();
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

static void raise_by(_Atomic uint64_t *counter, uint64_t by)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + by,
                          memory_order_relaxed);
}

void outlet_free(struct outlet **outlet, unsigned patience_ms)
{
    struct outlet *o = *outlet;
    uint64_t lost;

    if (!o)
        return;
    *outlet = NULL;
    list_remove(&o->link);
    lost = o->sink->ops->close(o->sink, patience_ms);
    if (lost > 0)
        log_event(EVENT_query_log_lost, "to=%s records=%llu", o->config->to,
                  (unsigned long long)lost);
    outlet_done(o);
}

/* Exchanges with upstreams are for those formats that have a place for them. */
static bool is_wanted(const struct outlet *o, const struct log_view *view)
{
    return (view->head->kind == RECORD_QUERY || o->format->wants_messages) &&
           view->head->arrived_ns + view->head->took_ns >= o->since_ns &&
           filter_passes(&o->filter, view);
}

/* All frames of a record, or it is lost. */
static bool write_frames(struct outlet *o, const struct log_view *view, const struct stamp *stamp,
                         struct pen *scratch)
{
    unsigned count = o->format->count_frames ? o->format->count_frames(view) : 1;

    for (unsigned frame = 0; frame < count; frame++) {
        scratch->next = scratch->start;
        scratch->is_too_long = false;
        o->format->write(scratch, view, stamp, frame);
        if (scratch->is_too_long || !o->sink->ops->take(o->sink, pen_slice(scratch)))
            return false;
    }
    return true;
}

unsigned outlet_wants(const struct outlet *o)
{
    return WANTS_RECORDS | (o->format->wants_messages ? WANTS_MESSAGES : 0u);
}

uint64_t outlet_lost(const struct outlet *o, const struct belt_losses *belts)
{
    uint64_t lost = atomic_load_explicit(&o->lost, memory_order_relaxed) + belts->queries -
                    o->lost_before.queries;

    if (o->format->wants_messages)
        lost += belts->exchanges - o->lost_before.exchanges;
    return lost;
}

void outlet_write(struct outlet *o, const struct log_view *view, const struct belt_losses *belts,
                  struct pen *scratch)
{
    uint64_t lost = outlet_lost(o, belts);
    const struct stamp stamp = {
        .sequence = atomic_load_explicit(&o->written, memory_order_relaxed) + lost + 1,
        .lost = lost,
        .stream = o->stream,
        .identity = o->config->identity,
        .sample = o->config->sample,
        .clients = o->config->clients,
    };

    if (!is_wanted(o, view))
        return;
    view = privacy_apply(o->privacy, view);
    raise_by(write_frames(o, view, &stamp, scratch) ? &o->written : &o->lost, 1);
}

void outlet_flush(struct outlet *o, uint64_t now_ns)
{
    if (privacy_refresh(o->privacy, now_ns))
        filter_set_key(&o->filter, privacy_key(o->privacy));
    o->sink->ops->flush(o->sink, now_ns);
}
