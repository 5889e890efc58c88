/* command/command.c - the words one can say to dotproxy, from commands.def. */
#include "command/command.h"

#include <string.h>

const struct command commands[] = {
#define COMMAND(word, text, meaning)                                                               \
    { .name = #word, .operands = text, .doc = meaning, .run = command_##word },
#include "command/commands.def"
#undef COMMAND
};

const size_t command_count = sizeof commands / sizeof *commands;

const struct command *command_find(const char *name)
{
    for (size_t i = 0; i < command_count; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}
