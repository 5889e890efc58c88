/* querylog/sink.c - the sinks by what they take, and how each of them fares.
 *
 * Called by: query_log_config.c, outlet.c (finds), the sinks.
 */
#include "querylog/sink.h"

#include "base/clock.h"

#include <stdio.h>

#define SINK(name, target, text, binary) extern const struct sink_ops sink_##name;
#include "querylog/sinks.def"
#undef SINK

static const struct {
    const struct sink_ops *ops;
    enum target_kind target;
    bool text, binary;
} table[] = {
#define SINK(name, target, text, binary) { &sink_##name, TARGET_##target, text, binary },
#include "querylog/sinks.def"
#undef SINK
};

const struct sink_ops *sink_find(enum target_kind target, bool is_binary)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].target == target && (is_binary ? table[i].binary : table[i].text))
            return table[i].ops;
    return NULL;
}

static void set_state(struct sink *s, enum sink_state state, const char *why)
{
    pthread_mutex_lock(&s->lock);
    s->state = state;
    snprintf(s->why, sizeof s->why, "%s", why);
    pthread_mutex_unlock(&s->lock);
}

void sink_fails(struct sink *s, const char *why)
{
    uint64_t more;

    set_state(s, SINK_FAILS, why);
    if (s->is_told || !log_gate_opens(&s->gate, clock_monotonic_ns(), &more))
        return;
    s->is_told = true;
    log_event(EVENT_query_log_failed, "to=%s reason=\"%s\"", s->config->to, why);
}

void sink_works(struct sink *s)
{
    set_state(s, SINK_WORKS, "");
    if (s->is_told)
        log_event(EVENT_query_log_back, "to=%s", s->config->to);
    s->is_told = false;
}

enum sink_state sink_state(struct sink *s, char ret_why[SINK_WHY_MAX])
{
    enum sink_state state;

    pthread_mutex_lock(&s->lock);
    state = s->state;
    snprintf(ret_why, SINK_WHY_MAX, "%s", s->why);
    pthread_mutex_unlock(&s->lock);
    return state;
}

void sink_wrote(struct sink *s, size_t records)
{
    atomic_fetch_add_explicit(&s->written, records, memory_order_relaxed);
}
