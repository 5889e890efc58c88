/* control/upstreams.c - `upstreams`: which are up, why others are not, how fast they are. */
#include "base/clock.h"
#include "control/kinds.h"
#include "upstream/roster.h"
#include "upstream/server_view.h"
#include "worker/crew.h"
#include "worker/plan.h"

static void tell_state(const struct server_view *view, struct report *report)
{
    char text[SERVER_VIEW_STATE_MAX];

    if (!report->is_json) {
        report_text(report, "state", server_view_state(view, text));
    } else {
        report_text(report, "state", server_state_name(view->state));
        report_number(report, "workers", view->workers);
        report_number(report, "workers_in_state", view->workers_in_state);
    }
    if (view->reason) {
        report_text(report, "phase", phase_name(view->phase));
        report_text(report, "reason", view->reason);
    }
    if (view->changed_ns)
        report_seconds(report, report->is_json ? "since_seconds" : "since",
                       (clock_monotonic_ns() - view->changed_ns) / NS_PER_S);
}

static void tell_latency(const struct server_view *view, struct report *report)
{
    report_object(report, "latency_ms");
    for (unsigned i = 0; i <= PHASE_ANSWER; i++) {
        const struct histogram_sum *took = &view->phases[i];

        if (took->count == 0)
            continue;
        report_row(report, phase_name((enum phase)i));
        report_milliseconds(report, "p50", histogram_quantile_ns(took, 500));
        report_milliseconds(report, "p95", histogram_quantile_ns(took, 950));
        report_milliseconds(report, "p99", histogram_quantile_ns(took, 990));
        report_row_end(report);
    }
    report_object_end(report);
}

static void tell_counts(const struct server_view *view, struct report *report)
{
    report_object(report, "counts");
    for (unsigned i = 0; i < SERVER_COUNTS; i++)
        if (view->counts[i] > 0)
            report_number(report, server_count_name((enum server_count)i), view->counts[i]);
    report_object_end(report);
}

static void tell_upstream(const struct server_view *view, struct report *report)
{
    report_next_object(report);
    report_text(report, "url", view->url);
    report_text(report, "group", view->group);
    tell_state(view, report);
    report_number(report, "connections", view->connections);
    report_number(report, "in_flight", view->in_flight);
    tell_latency(view, report);
    tell_counts(view, report);
}

void request_upstreams(struct control_house *house, const struct request *request,
                       struct report *report)
{
    const struct roster *roster = house->crew->plan->roster;

    (void)request;
    report->width = (int)strlen("  failed_handshake");
    report_objects(report, "upstreams");
    for (size_t i = 0; i < roster->count; i++) {
        struct server_view view;

        server_view_read(&view, roster, i);
        tell_upstream(&view, report);
    }
    report_objects_end(report);
}
