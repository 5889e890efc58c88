/* control/page_upstreams.c - the part of the metrics that is about upstreams.
 *
 * Called by: page.c.
 */
#include "config/url.h"
#include "control/page.h"
#include "metrics/exposition.h"
#include "upstream/roster.h"
#include "upstream/server_view.h"

#include <string.h>

#define ROW_NAME_MAX (URL_TEXT_MAX + 16)

/* One upstream, and what it is called on the page. */
struct row {
    struct server_view view;
    char name[ROW_NAME_MAX];
};

typedef void row_fn(struct exposition *e, const struct row *row);

/* One that is written twice in a group has a name of its own each time: no two series are the same.
 */
static void name_row(struct row *row, const struct roster *roster, size_t index)
{
    const struct server *server = &roster->servers[index];
    size_t before = 0;

    for (size_t i = 0; i < index; i++)
        before += roster->servers[i].group == server->group &&
                  strcmp(roster->servers[i].url, server->url) == 0;
    if (before > 0)
        snprintf(row->name, sizeof row->name, "%s (%zu)", server->url, before + 1);
    else
        snprintf(row->name, sizeof row->name, "%s", server->url);
}

static void of_each(struct exposition *e, const struct roster *roster, row_fn *tell)
{
    for (size_t i = 0; i < roster->count; i++) {
        struct row row;

        server_view_read(&row.view, roster, i);
        name_row(&row, roster, i);
        tell(e, &row);
    }
}

/* The labels of every series here; without a third its name is NULL. */
#define LABELS(row, third, value)                                                                  \
    {                                                                                              \
        { "upstream", (row)->name }, { "group", (row)->view.group }, { third, value }, NO_LABELS   \
    }

static void tell_up(struct exposition *e, const struct row *row)
{
    const struct label labels[] = LABELS(row, NULL, NULL);

    exposition_value(e, labels, server_view_is_up(&row->view));
}

static void tell_workers(struct exposition *e, const struct row *row)
{
    for (unsigned i = 0; i < SERVER_STATES; i++) {
        const struct label labels[] = LABELS(row, "state", server_state_name((enum server_state)i));

        exposition_value(e, labels, row->view.workers_by_state[i]);
    }
}

static void tell_connections(struct exposition *e, const struct row *row)
{
    const struct label labels[] = LABELS(row, NULL, NULL);

    exposition_value(e, labels, row->view.connections);
}

static void tell_in_flight(struct exposition *e, const struct row *row)
{
    const struct label labels[] = LABELS(row, NULL, NULL);

    exposition_value(e, labels, row->view.in_flight);
}

static void tell_events(struct exposition *e, const struct row *row)
{
    for (unsigned i = 0; i < SERVER_COUNTS; i++) {
        const struct label labels[] = LABELS(row, "event", server_count_name((enum server_count)i));

        exposition_value(e, labels, row->view.counts[i]);
    }
}

static void tell_phases(struct exposition *e, const struct row *row)
{
    for (unsigned i = 0; i <= PHASE_ANSWER; i++) {
        const struct label labels[] = LABELS(row, "phase", phase_name((enum phase)i));

        if (row->view.phases[i].count > 0)
            exposition_durations(e, labels, &row->view.phases[i]);
    }
}

void page_upstreams(struct exposition *e, const struct roster *roster)
{
    page_begin(e, PAGE_upstream_up);
    of_each(e, roster, tell_up);
    page_begin(e, PAGE_upstream_workers);
    of_each(e, roster, tell_workers);
    page_begin(e, PAGE_upstream_connections);
    of_each(e, roster, tell_connections);
    page_begin(e, PAGE_upstream_in_flight);
    of_each(e, roster, tell_in_flight);
    page_begin(e, PAGE_upstream_events);
    of_each(e, roster, tell_events);
    page_begin(e, PAGE_upstream_duration_seconds);
    of_each(e, roster, tell_phases);
}
