/* control/answer.c - from a request line to the response, whoever asks.
 *
 * Called by: control.c, on the thread that owns the crew.
 */
#include "control/answer.h"

#include "control/report.h"
#include "control/request.h"

#include <stdlib.h>

static void refuse_line(err_t err, struct report *report)
{
    if (err == ERR_TOOBIG)
        report_error(report, "a request has at most %d words and %d characters", REQUEST_WORDS_MAX,
                     REQUEST_LINE_MAX);
    else
        report_error(report, "a request is one line of words, such as: status");
}

static void refuse_name(const char *name, struct report *report)
{
    const struct request_kind *near = request_nearest(name);

    report_error(report, "there is no request %s; %s%s%s", name,
                 near ? "did you mean " : "`dotproxy ctl` lists what there is",
                 near ? near->name : "", near ? "?" : "");
}

static void answer_request(struct control_house *house, const struct request *request,
                           struct report *report)
{
    const struct request_kind *kind = request_find(request->words[0]);

    if (!kind)
        refuse_name(request->words[0], report);
    else if (request->count - 1 > kind->operands_max)
        report_error(report, "%s is not expected behind %s", request->words[kind->operands_max + 1],
                     kind->name);
    else
        kind->answer(house, request, report);
}

struct answer answer(struct control_house *house, struct slice line)
{
    struct answer a = { 0 };
    struct report report = { .out = open_memstream(&a.text, &a.len) };
    struct request request;
    err_t err;

    if (!report.out)
        return (struct answer){ 0 };
    err = request_parse(line, &request);
    report.is_json = request.wants_json;
    if (err == OK)
        answer_request(house, &request, &report);
    else
        refuse_line(err, &report);
    report_end(&report);
    a.tail = report.tail;
    if (ferror(report.out) | fclose(report.out)) {
        free(a.text);
        a.text = NULL;
    }
    return a;
}
