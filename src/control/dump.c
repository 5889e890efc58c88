/* control/dump.c - `dump`: the records of the last queries, from memory. */
#include "control/kinds.h"
#include "querylog/querylog.h"
#include "worker/crew.h"

static void take(void *arg, struct slice lines)
{
    fwrite(lines.data, 1, lines.len, arg);
}

void request_dump(struct control_house *house, const struct request *request, struct report *report)
{
    (void)request;
    if (querylog_read_kept(house->crew->commons.querylog, take, report->out))
        report->is_raw = true;
    else
        report_error(report, "nothing is kept; set control.recorder, such as to 4MiB, and restart");
}
