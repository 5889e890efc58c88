/* command/print.c - `dotproxy print`: what the configuration may hold, and what is in force. */
#include "config/print.h"
#include "command/command.h"
#include "command/manual.h"
#include "command/options.h"
#include "command/sections.h"
#include "config/nearest.h"
#include "config/print_yaml.h"
#include "control/page.h"
#include "querylog/fields.h"

#include <stdio.h>
#include <string.h>

static void print_records(const struct section *const *sections, size_t count, FILE *out)
{
    (void)sections;
    (void)count;
    fields_print_table(out);
}

static void print_record_schema(const struct section *const *sections, size_t count, FILE *out)
{
    (void)sections;
    (void)count;
    fields_print_schema(out);
}

static void print_metrics(const struct section *const *sections, size_t count, FILE *out)
{
    (void)sections;
    (void)count;
    page_describe(out);
}

/* What can be printed without a configuration. */
struct topic {
    const char *name;
    void (*print)(const struct section *const *sections, size_t count, FILE *out);
};

static const struct topic topics[] = {
    { "reference", print_reference }, { "schema", print_schema },
    { "man", print_manual },          { "example", print_example },
    { "records", print_records },     { "record-schema", print_record_schema },
    { "metrics", print_metrics },
};

static const char topic_names[] =
    "reference, schema, man, example, records, record-schema, effective, metrics";

#define TOPIC_COUNT (sizeof topics / sizeof *topics)

static int say_unknown(const char *name)
{
    struct nearest n = nearest_to(name);

    for (size_t i = 0; i < TOPIC_COUNT; i++)
        nearest_offer(&n, topics[i].name);
    nearest_offer(&n, "effective");
    if (n.best)
        fprintf(stderr, "print: there is no %s; did you mean %s?\n", name, n.best);
    else
        fprintf(stderr, "print: there is no %s; write %s\n", name, topic_names);
    return STATUS_USAGE;
}

static int print_in_force(const struct options *options)
{
    struct config *config = NULL;
    int status = options_load(options, &config);

    if (status == STATUS_OK)
        print_effective(config, stdout);
    config_unref(&config);
    return status;
}

static int print_topic(const struct options *options)
{
    if (options->operand_count != 1) {
        fprintf(stderr, "print: write one of %s\n", topic_names);
        return STATUS_USAGE;
    }
    if (strcmp(options->operands[0], "effective") == 0)
        return print_in_force(options);
    for (size_t i = 0; i < TOPIC_COUNT; i++) {
        if (strcmp(options->operands[0], topics[i].name) != 0)
            continue;
        topics[i].print(config_sections, config_section_count, stdout);
        return STATUS_OK;
    }
    return say_unknown(options->operands[0]);
}

int command_print(int argc, char **argv)
{
    struct options options;
    int status = options_parse(argc, argv, &options);

    if (status != STATUS_OK)
        return status;
    status = print_topic(&options);
    options_done(&options);
    if (status == STATUS_OK && (fflush(stdout) != 0 || ferror(stdout))) {
        fprintf(stderr, "print: standard output cannot be written; is the disk full?\n");
        return STATUS_FAILED;
    }
    return status;
}
