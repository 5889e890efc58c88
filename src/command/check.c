/* command/check.c - `dotproxy check`: is the configuration right? */
#include "command/command.h"
#include "command/options.h"
#include "command/rehearsal.h"
#include "config/config.h"
#include "worker/exposure.h"

#include <stdio.h>

static int try_out(struct config *config, const char *file)
{
    char reason[PLAN_REASON_MAX], text[EXPOSURE_TEXT_MAX];
    struct plan *plan = NULL;

    if (rehearse(config, 1, &plan, reason) != OK) {
        fprintf(stderr, "%s: %s\n", file, reason);
        return STATUS_USAGE;
    }
    if (exposure_find(config, plan->policy, text))
        fprintf(stderr, "%s: warning: %s\n", file, text);
    plan_free(&plan);
    return STATUS_OK;
}

static int check(const struct options *options)
{
    const char *file = options->source.file ? options->source.file : "configuration";
    struct config *config = NULL;
    int status;

    if (options->operand_count > 0) {
        fprintf(stderr, "check: %s is not expected here; write -c %s to check a file\n",
                options->operands[0], options->operands[0]);
        return STATUS_USAGE;
    }
    status = options_load(options, &config);
    if (status == STATUS_OK)
        status = try_out(config, file);
    if (status == STATUS_OK)
        printf("%s: ok\n", file);
    config_unref(&config);
    return status;
}

int command_check(int argc, char **argv)
{
    struct options options;
    int status = options_parse(argc, argv, &options);

    if (status != STATUS_OK)
        return status;
    options.source.wants_files = true;
    status = check(&options);
    options_done(&options);
    return status;
}
