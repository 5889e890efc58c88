/* control/reload.c - `reload`: the same as SIGHUP, and the caller hears how it went. */
#include "control/kinds.h"
#include "upstream/roster.h"
#include "worker/crew.h"
#include "worker/plan.h"

static void tell_remarks(const char *key, const struct problems *remarks, struct report *report)
{
    report_list(report, key);
    for (size_t i = 0; i < remarks->count; i++)
        report_item(report, remarks->list[i].text);
    report_list_end(report);
}

void request_reload(struct control_house *house, const struct request *request,
                    struct report *report)
{
    const struct plan *plan;
    struct problems remarks;

    (void)request;
    if (house->reload(house->arg, &remarks) != OK) {
        report_error(report, "the configuration was not changed");
        tell_remarks("problems", &remarks, report);
        return;
    }
    plan = house->crew->plan;
    report_say(report, "the new configuration is in force: %zu listeners, %zu upstreams",
               plan->door_count, plan->roster->count);
    if (remarks.count > 0)
        report_say(report, "a restart is needed for what has changed in:");
    if (report->is_json) {
        report_number(report, "listeners", plan->door_count);
        report_number(report, "upstreams", plan->roster->count);
    }
    tell_remarks("needs_restart", &remarks, report);
}
