/* control/tail.c - `tail`: queries as they come, without end. */
#include "querylog/tail.h"
#include "base/prefix.h"
#include "control/kinds.h"
#include "querylog/querylog.h"
#include "worker/crew.h"

/* What the operands ask for. */
struct choice {
    struct query_log_config config;
    const char *clients[REQUEST_WORDS_MAX], *names[REQUEST_WORDS_MAX];
};

/* No name has a slash or a colon in it: who writes one means an address. */
static bool is_client(const char *word)
{
    struct prefix prefix;

    return strpbrk(word, "/:") || prefix_parse(word, &prefix) == OK;
}

static void read_words(const struct request *request, struct choice *c)
{
    c->config = (struct query_log_config){ .sample = 1 };
    c->config.clients_from.items = c->clients;
    c->config.names.items = c->names;
    for (size_t i = 1; i < request->count; i++) {
        const char *word = request->words[i];

        if (strcmp(word, "denied") == 0)
            c->config.only = ONLY_DENIED;
        else if (strcmp(word, "errors") == 0)
            c->config.only = ONLY_ERRORS;
        else if (is_client(word))
            c->clients[c->config.clients_from.count++] = word;
        else
            c->names[c->config.names.count++] = word;
    }
}

static void tell_fault(void *arg, const char *option, const char *text)
{
    if (strcmp(option, "names") == 0)
        report_error(arg, "%s; nor is it an address, a prefix of clients, denied or errors", text);
    else
        report_error(arg, "%s", text);
}

void request_tail(struct control_house *house, const struct request *request, struct report *report)
{
    struct choice choice;
    const struct tail_wish wish = { .is_json = report->is_json,
                                    .filter = &choice.config,
                                    .told = control_wake,
                                    .arg = house->control };
    struct tail *tail = NULL;
    err_t err;

    read_words(request, &choice);
    err = tail_new(&tail, &wish, tell_fault, report);
    if (err == ERR_CONFIG)
        return;
    if (err == OK)
        err = querylog_attach(house->crew->commons.querylog, tail);
    if (err == OK) {
        report->tail = tail;
        report->is_raw = true;
        report_say(report, "%s", tail_head());
        return;
    }
    tail_free(&tail);
    if (err == ERR_TOOBIG)
        report_error(report, "as many are watching already as may; end one of them");
    else
        report_error(report, "%s", err_text(err));
}
