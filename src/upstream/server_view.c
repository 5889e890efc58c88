/* upstream/server_view.c - what all workers have seen of one server, in one struct.
 *
 * Called by: whoever shows it: the control room.
 */
#include "upstream/server_view.h"

#include "upstream/roster.h"

#include <stdio.h>

const char *server_state_name(enum server_state state)
{
    static const char *const names[SERVER_STATES] = {
        [SERVER_IS_UNTRIED] = "untried",         [SERVER_IS_UP] = "up",
        [SERVER_IS_SUSPECT] = "suspect",         [SERVER_IS_DOWN] = "down",
        [SERVER_IS_UNKNOWN] = "unknown address",
    };

    return names[state];
}

const char *server_count_name(enum server_count count)
{
    static const char *const names[] = {
#define SERVER_COUNT(name, text) [SERVER_##name] = #name,
#include "upstream/server_counts.def"
#undef SERVER_COUNT
    };

    return names[count];
}

static bool is_well(enum server_state state)
{
    return state == SERVER_IS_UNTRIED || state == SERVER_IS_UP;
}

/* Of the workers in the worst state, the one that has been in it longest tells why and since when.
 */
static void add_state(struct server_view *v, const struct server_stats *s)
{
    /* first: what was written before it is then seen, too */
    enum server_state state =
        (enum server_state)atomic_load_explicit(&s->state, memory_order_acquire);
    uint64_t changed_ns = atomic_load_explicit(&s->changed_ns, memory_order_relaxed);

    v->workers_by_state[state]++;
    if (state < v->state)
        return;
    if (state > v->state)
        v->workers_in_state = 0;
    if (v->workers_in_state++ > 0 && changed_ns >= v->changed_ns)
        return;
    v->state = state;
    v->changed_ns = changed_ns;
    v->phase = (enum phase)atomic_load_explicit(&s->phase, memory_order_relaxed);
    v->reason = is_well(state) ? NULL : atomic_load_explicit(&s->reason, memory_order_relaxed);
}

static void add_numbers(struct server_view *v, const struct server_stats *s)
{
    v->connections += atomic_load_explicit(&s->connections, memory_order_relaxed);
    v->in_flight += atomic_load_explicit(&s->in_flight, memory_order_relaxed);
    for (size_t i = 0; i < SERVER_COUNTS; i++)
        v->counts[i] += atomic_load_explicit(&s->counts[i], memory_order_relaxed);
    for (size_t i = 0; i <= PHASE_ANSWER; i++)
        histogram_sum(&s->phases[i], &v->phases[i]);
}

void server_view_read(struct server_view *ret_view, const struct roster *roster, size_t index)
{
    const struct server *server = &roster->servers[index];

    *ret_view = (struct server_view){
        .url = server->url,
        .group = roster->groups[server->group].name,
        .workers = roster->workers,
    };
    for (size_t i = 0; i < roster->workers; i++) {
        add_state(ret_view, &server->stats[i]);
        add_numbers(ret_view, &server->stats[i]);
    }
}

bool server_view_is_up(const struct server_view *view)
{
    const size_t *workers = view->workers_by_state;

    return workers[SERVER_IS_UP] + workers[SERVER_IS_SUSPECT] > 0 ||
           workers[SERVER_IS_UNTRIED] == view->workers;
}

const char *server_view_state(const struct server_view *view, char text[SERVER_VIEW_STATE_MAX])
{
    const char *name = server_state_name(view->state);

    if (view->workers_in_state == view->workers || is_well(view->state))
        snprintf(text, SERVER_VIEW_STATE_MAX, "%s", name);
    else
        snprintf(text, SERVER_VIEW_STATE_MAX, "%s in %zu of %zu workers", name,
                 view->workers_in_state, view->workers);
    return text;
}
