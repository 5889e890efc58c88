/* control/streams.c - the query log in `status` and `stats`: of each stream, what became of its
 * records.
 *
 * Called by: status.c, stats.c.
 */
#include "control/streams.h"

#include "querylog/querylog.h"

#define STREAMS_MAX 32 /* that are told of */

static void tell(const struct querylog_count *c, struct report *report)
{
    report_next_object(report);
    report_text(report, "to", c->to);
    report_text(report, "format", c->format);
    report_text(report, "state", c->state);
    if (c->why[0])
        report_text(report, "reason", c->why);
    report_number(report, "written", c->written);
    report_number(report, "lost", c->lost);
    if (c->overrun > 0)
        report_number(report, "overrun", c->overrun);
    report_number(report, "waiting", c->waiting);
    if (c->spooled > 0)
        report_number(report, "spooled", c->spooled);
    if (c->inherited > 0)
        report_number(report, "inherited", c->inherited);
    if (c->skipped > 0)
        report_number(report, "skipped", c->skipped);
}

void streams_tell(struct querylog *log, struct report *report)
{
    struct querylog_count counts[STREAMS_MAX];
    size_t count = querylog_counts(log, counts, STREAMS_MAX);

    if (count == 0)
        return;
    report_say(report, "%s", "");
    report_objects(report, "query_log");
    for (size_t i = 0; i < count && i < STREAMS_MAX; i++)
        tell(&counts[i], report);
    report_objects_end(report);
}
