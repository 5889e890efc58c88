/* querylog/outlet.c - one stream of records.
 *
 * Called by: querylog.c, on the thread that writes (made and freed by main).
 */
#include "querylog/outlet.h"

#include "config/config.h"
#include "dns/types.h"
#include "log/log.h"

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

err_t outlet_new(struct outlet **ret_outlet, struct config *config, size_t item,
                 char reason[QUERYLOG_REASON_MAX])
{
    struct outlet *o = calloc(1, sizeof *o);
    const struct sink_ops *ops;
    char format[16];
    err_t err;

    snprintf(reason, QUERYLOG_REASON_MAX, "%s", err_text(ERR_NOMEM));
    if (!o)
        return ERR_NOMEM;
    list_init(&o->link);
    o->held = config_ref(config);
    o->config = config_item(config, &query_log_section, item);
    o->format = format_find(word_of(o->config, "format", o->config->format, format));
    ops = sink_find(o->config->to);
    o->sink = calloc(1, ops->size);
    err = o->sink ? OK : ERR_NOMEM;
    if (err == OK) {
        *o->sink = (struct sink){ ops, o->config };
        err = ops->open(o->sink, reason);
    }
    if (err != OK) {
        free(o->sink);
        config_unref(&o->held);
        free(o);
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
    free(o->sink);
    config_unref(&o->held);
    free(o);
}

static bool is_wanted(const struct outlet *o, const struct log_view *view)
{
    const struct log_record *r = view->head;

    switch ((enum query_log_only)o->config->only) {
    case ONLY_ALL:
        return true;
    case ONLY_DENIED:
        return r->rule || r->shadow;
    case ONLY_ERRORS:
        break;
    }
    return r->response_len == 0 || (r->rcode != RCODE_NOERROR && r->rcode != RCODE_NXDOMAIN);
}

void outlet_write(struct outlet *o, const struct log_view *view, uint64_t belts_lost,
                  struct pen *scratch)
{
    uint64_t lost =
        atomic_load_explicit(&o->lost, memory_order_relaxed) + belts_lost - o->belts_lost_before;
    const struct stamp stamp = {
        .sequence = atomic_load_explicit(&o->written, memory_order_relaxed) + lost + 1,
        .lost = lost,
        .identity = o->config->identity,
    };

    if (!is_wanted(o, view))
        return;
    scratch->next = scratch->start;
    scratch->is_too_long = false;
    o->format->write(scratch, view, &stamp);
    if (scratch->is_too_long || !o->sink->ops->take(o->sink, pen_slice(scratch)))
        raise_by(&o->lost, 1);
    else
        raise_by(&o->written, 1);
}

void outlet_flush(struct outlet *o, uint64_t now_ns)
{
    o->sink->ops->flush(o->sink, now_ns);
}
