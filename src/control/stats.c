/* control/stats.c - `stats`: everything that was counted since the start. */
#include "control/kinds.h"
#include "listen/entrance.h"
#include "worker/crew.h"
#include "worker/plan.h"

/* Of all listeners: what an alarm is to be set on. */
static void tell_certificates(const struct plan *plan, struct report *report)
{
    int64_t first = INT64_MAX, left;

    for (size_t i = 0; i < plan->door_count; i++)
        if (entrance_days_left(plan->doors[i].entrance, &left) && left < first)
            first = left;
    if (first != INT64_MAX)
        report_number(report, "certificate_days_left", first > 0 ? (uint64_t)first : 0);
}

void request_stats(struct control_house *house, const struct request *request,
                   struct report *report)
{
    struct counter counters[CREW_COUNTERS];

    (void)request;
    crew_counters(house->crew, counters);
    for (size_t i = 0; i < CREW_COUNTERS; i++) {
        int len = (int)strlen(counters[i].name);

        report->width = len > report->width ? len : report->width;
    }
    for (size_t i = 0; i < CREW_COUNTERS; i++)
        report_number(report, counters[i].name, counters[i].value);
    tell_certificates(house->crew->plan, report);
}
