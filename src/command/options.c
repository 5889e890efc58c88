/* command/options.c - from the command line to the source of a configuration. */
#include "command/options.h"

#include "command/command.h"
#include "command/sections.h"
#include "config/nearest.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct option names[] = {
    { "config", required_argument, NULL, 'c' },
    { "listen", required_argument, NULL, 'l' },
    { "upstream", required_argument, NULL, 'u' },
    { "via", required_argument, NULL, 'u' }, /* what `query` calls it */
    { "set", required_argument, NULL, 's' },
    { "no-sandbox", no_argument, NULL, 'n' },
    { 0 },
};

static int say_unknown(const char *text)
{
    struct nearest n = nearest_to(text + strspn(text, "-"));

    for (const struct option *known = names; known->name; known++)
        nearest_offer(&n, known->name);
    if (n.best)
        fprintf(stderr, "unknown option %s; did you mean --%s?\n", text, n.best);
    else
        fprintf(stderr, "unknown option %s; `dotproxy --help` lists what there is\n", text);
    return STATUS_USAGE;
}

static void add_flag(struct options *o, const char *section, const char *text)
{
    o->flags[o->source.flag_count++] = (struct config_flag){ section, text };
}

static int read_options(int argc, char **argv, struct options *o)
{
    int letter;

    optind = 0; /* start anew: main may be called by tests more than once */
    opterr = 0;
    while ((letter = getopt_long(argc, argv, ":c:", names, NULL)) != -1) {
        if (letter == ':') {
            fprintf(stderr, "option %s needs a value behind it\n", argv[optind - 1]);
            return STATUS_USAGE;
        }
        if (letter == '?')
            return say_unknown(argv[optind - 1]);
        if (letter == 'c')
            o->source.file = optarg;
        else if (letter == 'n')
            o->no_sandbox = true;
        else if (letter == 's')
            o->sets[o->source.set_count++] = optarg;
        else
            add_flag(o, letter == 'l' ? "listen" : "upstream", optarg);
    }
    o->operands = argv + optind;
    o->operand_count = (size_t)(argc - optind);
    return STATUS_OK;
}

int options_parse(int argc, char **argv, struct options *ret_options)
{
    struct options o = { 0 };
    int status = STATUS_FAILED;

    /* there cannot be more of either than there are words */
    o.flags = calloc((size_t)argc, sizeof *o.flags);
    o.sets = calloc((size_t)argc, sizeof *o.sets);
    if (o.flags && o.sets)
        status = read_options(argc, argv, &o);
    if (status != STATUS_OK) {
        options_done(&o);
        return status;
    }
    o.source.flags = o.flags;
    o.source.sets = o.sets;
    if (!o.source.file && access(CONFIG_FILE_DEFAULT, F_OK) == 0)
        o.source.file = CONFIG_FILE_DEFAULT;
    *ret_options = o;
    return STATUS_OK;
}

void options_done(struct options *options)
{
    free(options->flags);
    free(options->sets);
    *options = (struct options){ 0 };
}

err_t options_try(const struct options *options, struct config **ret_config,
                  struct problems *problems)
{
    return config_load(&options->source, config_sections, config_section_count, ret_config,
                       problems);
}

int options_load(const struct options *options, struct config **ret_config)
{
    struct problems problems;
    err_t err = options_try(options, ret_config, &problems);

    if (err == OK)
        return STATUS_OK;
    for (size_t i = 0; i < problems.count; i++)
        fprintf(stderr, "%s\n", problems.list[i].text);
    return err == ERR_CONFIG ? STATUS_USAGE : STATUS_FAILED;
}
