/* command/check.c - `dotproxy check`: is the configuration right? */
#include "command/command.h"
#include "command/options.h"

#include <stdio.h>

static int check(const struct options *options)
{
    struct config *config = NULL;
    int status;

    if (options->operand_count > 0) {
        fprintf(stderr, "check: %s is not expected here; write -c %s to check a file\n",
                options->operands[0], options->operands[0]);
        return STATUS_USAGE;
    }
    status = options_load(options, &config);
    if (status == STATUS_OK)
        printf("%s: ok\n", options->source.file ? options->source.file : "configuration");
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
