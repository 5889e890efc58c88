/* control/stats.c - `stats`: everything that was counted since the start. */
#include "control/kinds.h"
#include "control/streams.h"
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

static void widen(struct report *report, const char *name)
{
    int len = (int)strlen(name);

    report->width = len > report->width ? len : report->width;
}

void request_stats(struct control_house *house, const struct request *request,
                   struct report *report)
{
    struct counter counters[CREW_COUNTERS];
    struct policy_count rules[POLICY_COUNTS_MAX];
    size_t rule_count = crew_policy_counts(house->crew, rules);
    char name[POLICY_COUNT_NAME_MAX];

    (void)request;
    crew_counters(house->crew, counters);
    for (size_t i = 0; i < CREW_COUNTERS; i++)
        widen(report, counters[i].name);
    for (size_t i = 0; i < rule_count; i++)
        widen(report, policy_count_name(&rules[i], name));
    for (size_t i = 0; i < CREW_COUNTERS; i++)
        report_number(report, counters[i].name, counters[i].value);
    for (size_t i = 0; i < rule_count; i++)
        report_number(report, policy_count_name(&rules[i], name), rules[i].value);
    tell_certificates(house->crew->plan, report);
    streams_tell(house->crew->commons.querylog, report);
}
