/* main.c - the first word of the command line decides what is done. */
#include "command/command.h"
#include "config/nearest.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int print_version(void)
{
    puts("dotproxy " DOTPROXY_VERSION);
    return STATUS_OK;
}

static void print_command(const struct command *c)
{
    printf("  dotproxy %s %s\n      %s\n", c->name, c->operands, c->doc);
}

static int print_help(void)
{
    puts("dotproxy - DNS proxy that asks its upstreams over TLS\n");
    for (size_t i = 0; i < command_count; i++)
        print_command(&commands[i]);
    puts("  dotproxy --version | COMMAND --help\n\nMore is in dotproxy(1).");
    return STATUS_OK;
}

static bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
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

static int obey(int argc, char **argv)
{
    const struct command *command = command_find(argv[0]);

    if (!command)
        return say_unknown(argv[0]);
    if (argc > 1 && is_help(argv[1])) {
        print_command(command);
        return STATUS_OK;
    }
    return command->run(argc, argv);
}

int main(int argc, char **argv)
{
    const struct command *command;

    if (argc > 1 && strcmp(argv[1], "--version") == 0)
        return print_version();
    if (argc > 1 && is_help(argv[1]))
        return print_help();
    if (argc > 1 && argv[1][0] != '-')
        return obey(argc - 1, argv + 1);
    command = command_find("run"); /* what is meant when no command is named */
    return command ? command->run(argc, argv) : say_unknown("run");
}
