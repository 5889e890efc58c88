/* command/check.c - `dotproxy check`: is the configuration right? */
#include "command/command.h"
#include "command/options.h"
#include "command/rehearsal.h"
#include "config/config.h"
#include "worker/exposure.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The directory of what a value has written; false for what is no file. */
static bool find_directory(const struct option_row *row, const void *item, char *ret_path,
                           size_t size)
{
    const char *text = *(const char *const *)((const char *)item + row->offset);
    char *end;

    if (row->need == NEED_TARGET && strncmp(text, "file:", 5) == 0)
        text += 5;
    snprintf(ret_path, size, "%s", text);
    end = strrchr(ret_path, '/');
    if (ret_path[0] != '/' || end == ret_path)
        return false;
    *end = 0;
    return true;
}

/* It may still come, with the service that makes it, so that is no fault. */
static void warn_of_absent(const struct section *s, const void *item, const char *file)
{
    char path[PATH_MAX];

    for (size_t i = 0; i < s->option_count; i++) {
        const struct option_row *row = &s->options[i];

        if (row->type != OPTION_STRING || row->need < NEED_WRITE || row->need == NEED_SOCKET ||
            !find_directory(row, item, path, sizeof path) || access(path, F_OK) == 0)
            continue;
        fprintf(stderr,
                "%s: warning: %s.%s: there is no directory %s; make it, writable for the user that "
                "dotproxy runs as\n",
                file, s->name, row->name, path);
    }
}

static void warn_of_absent_directories(const struct config *config, const char *file)
{
    size_t count;
    const struct section *const *sections = config_sections_of(config, &count);

    for (size_t i = 0; i < count; i++)
        for (size_t item = 0; item < config_count(config, sections[i]); item++)
            warn_of_absent(sections[i], config_item(config, sections[i], item), file);
}

static int try_out(struct config *config, const char *file)
{
    char reason[PLAN_REASON_MAX], text[EXPOSURE_TEXT_MAX];
    struct plan *plan = NULL;

    if (rehearse(config, 1, &plan, reason) != OK) {
        fprintf(stderr, "%s: %s\n", file, reason);
        return STATUS_USAGE;
    }
    warn_of_absent_directories(config, file);
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
