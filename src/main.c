/* main.c - the first word of the command line decides what is done. */
#include "command/command.h"
#include "config/nearest.h"

#include <stdio.h>
#include <string.h>

static int print_version(void)
{
    puts("dotproxy " DOTPROXY_VERSION);
    return STATUS_OK;
}

static int print_help(void)
{
    puts("dotproxy - DNS proxy that asks its upstreams over TLS\n");
    for (size_t i = 0; i < command_count; i++)
        printf("  dotproxy %s %s\n      %s\n", commands[i].name, commands[i].operands,
               commands[i].doc);
    puts("  dotproxy --version | --help\n\nMore is in dotproxy(1).");
    return STATUS_OK;
}

static int say_unknown(const char *name)
{
    struct nearest n = nearest_to(name);

    for (size_t i = 0; i < command_count; i++)
        nearest_offer(&n, commands[i].name);
    if (n.best)
        fprintf(stderr, "unknown command %s; did you mean %s?\n", name, n.best);
    else
        fprintf(stderr, "unknown command %s; `dotproxy --help` lists what there is\n", name);
    return STATUS_USAGE;
}

int main(int argc, char **argv)
{
    const struct command *command;

    if (argc > 1 && strcmp(argv[1], "--version") == 0)
        return print_version();
    if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0))
        return print_help();
    if (argc > 1 && argv[1][0] != '-') {
        command = command_find(argv[1]);
        return command ? command->run(argc - 1, argv + 1) : say_unknown(argv[1]);
    }
    command = command_find("run"); /* what is meant when no command is named */
    return command ? command->run(argc, argv) : say_unknown("run");
}
