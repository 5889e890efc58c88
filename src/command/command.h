#ifndef COMMAND_COMMAND_H
#define COMMAND_COMMAND_H

#include <stddef.h>

enum exit_status { STATUS_OK, STATUS_FAILED, STATUS_USAGE };

/* Does what one word of the command line asks for; argv[0] is that word. Returns an exit status. */
typedef int command_fn(int argc, char **argv);

struct command {
    const char *name, *operands, *doc;
    command_fn *run;
};

extern const struct command commands[];
extern const size_t command_count;

const struct command *command_find(const char *name);

#define COMMAND(name, ...) command_fn command_##name;
#include "command/commands.def"
#undef COMMAND

#endif
