/* command/check.c - `dotproxy check`: is the configuration right? */
#include "command/command.h"
#include "command/options.h"
#include "command/rehearsal.h"
#include "config/config.h"
#include "sandbox/needs.h"
#include "worker/exposure.h"

#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

/* It may still come, with the service that makes it, so that is no fault. */
static void warn_of_absent(const struct need *need, const char *file)
{
    char path[PATH_MAX], name[NEED_NAME_MAX];
    const char *directory;

    snprintf(path, sizeof path, "%s", need->path);
    directory = dirname(path);
    if (access(directory, F_OK) != 0)
        fprintf(stderr,
                "%s: warning: %s: there is no directory %s; make it, writable for the user that "
                "dotproxy runs as\n",
                file, need_name(need, name), directory);
}

static err_t warn_of_absent_directories(const struct config *config, const char *file)
{
    struct needs needs = { 0 };
    err_t err = needs_collect(&needs, config, NULL);

    for (size_t i = 0; err == OK && i < needs.count; i++)
        if (needs.list[i].kind == NEED_WRITE || needs.list[i].kind == NEED_KEEP)
            warn_of_absent(&needs.list[i], file);
    needs_done(&needs);
    return err;
}

static int try_out(struct config *config, const char *file)
{
    char reason[PLAN_REASON_MAX], text[EXPOSURE_TEXT_MAX];
    struct plan *plan = NULL;

    if (rehearse(config, 1, &plan, reason) != OK) {
        fprintf(stderr, "%s: %s\n", file, reason);
        return STATUS_USAGE;
    }
    if (warn_of_absent_directories(config, file) != OK)
        fprintf(stderr, "%s: warning: no memory to look for directories\n", file);
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
