/* control/stats.c - `stats`: everything that was counted since the start. */
#include "control/kinds.h"
#include "worker/crew.h"

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
}
