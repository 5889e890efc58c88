/* command/query.c - `dotproxy query NAME [TYPE] [--via URL]`: one question, its response printed.
 */
#include "command/command.h"
#include "command/lookup.h"
#include "command/options.h"
#include "dns/print.h"
#include "dns/types.h"
#include "upstream/roster.h"
#include "upstream/server_view.h"

#include <stdio.h>

static void tell_failures(const struct upstream_answer *answer, const struct roster *roster)
{
    size_t told = 0;

    for (size_t i = 0; i < roster->count; i++) {
        struct server_view view;

        server_view_read(&view, roster, i);
        if (view.reason)
            fprintf(stderr, "query: %s does not answer: %s phase: %s\n", view.url,
                    phase_name(view.phase), view.reason);
        told += view.reason != NULL;
    }
    if (told == 0)
        fprintf(stderr, "query: no upstream answered: %s phase: %s\n", phase_name(answer->phase),
                err_text(answer->err));
}

static void print_answer(void *arg, const struct upstream_answer *answer,
                         const struct roster *roster)
{
    int *status = arg;

    if (!answer->response) {
        tell_failures(answer, roster);
        return;
    }
    *status = STATUS_OK;
    message_print(stdout, answer->response);
    printf(";; FROM: %s, %zu bytes\n", answer->server->url, answer->response->wire.len);
}

static int read_operands(const struct options *options, struct question *ret_question)
{
    struct writer name = writer_of(ret_question->name, sizeof ret_question->name);

    if (options->operand_count < 1 || options->operand_count > 2) {
        fprintf(stderr, "query: write a name and, if it is not A, a type: "
                        "dotproxy query example.com AAAA\n");
        return STATUS_USAGE;
    }
    if (name_from_text(options->operands[0], &name) != OK) {
        fprintf(stderr, "query: %s is not a domain name\n", options->operands[0]);
        return STATUS_USAGE;
    }
    ret_question->name_len = (uint8_t)writer_len(&name);
    ret_question->qclass = CLASS_IN;
    ret_question->qtype = TYPE_A;
    if (options->operand_count == 2 &&
        !type_from_text(options->operands[1], &ret_question->qtype)) {
        fprintf(stderr, "query: %s is not a type; write one like AAAA or TYPE65\n",
                options->operands[1]);
        return STATUS_USAGE;
    }
    return STATUS_OK;
}

static int query(const struct options *options)
{
    struct question question;
    struct config *config = NULL;
    char reason[ROSTER_REASON_MAX];
    int answered = STATUS_FAILED, status = read_operands(options, &question);

    if (status == STATUS_OK)
        status = options_load(options, &config);
    if (status != STATUS_OK)
        return status;
    if (lookup(config, &question, print_answer, &answered, reason) != OK) {
        fprintf(stderr, "query: %s\n", reason);
        answered = STATUS_USAGE;
    }
    config_unref(&config);
    return answered;
}

int command_query(int argc, char **argv)
{
    struct options options;
    int status = options_parse(argc, argv, &options);

    if (status != STATUS_OK)
        return status;
    status = query(&options);
    options_done(&options);
    return status;
}
