/* command/check.c - `dotproxy check`: is the configuration right? */
#include "command/command.h"
#include "command/options.h"
#include "policy/policy.h"
#include "worker/exposure.h"

#include <stdio.h>

/* What is right and yet hardly meant. */
static int warn(const struct config *config, const char *file)
{
    char text[EXPOSURE_TEXT_MAX], reason[POLICY_REASON_MAX];
    struct policy *policy;

    if (policy_new(&policy, config, reason) != OK) {
        fprintf(stderr, "check: %s\n", reason);
        return STATUS_FAILED;
    }
    if (exposure_find(config, policy, text))
        fprintf(stderr, "%s: warning: %s\n", file, text);
    policy_free(&policy);
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
        status = warn(config, file);
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
    status = check(&options);
    options_done(&options);
    return status;
}
