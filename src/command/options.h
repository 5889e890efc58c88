#ifndef COMMAND_OPTIONS_H
#define COMMAND_OPTIONS_H

#include "config/config.h"

#define CONFIG_FILE_DEFAULT "/etc/dotproxy/dotproxy.yaml"

/* The options that all commands with a configuration share. Borrows the texts of argv. */
struct options {
    struct config_source source;
    struct config_flag *flags;
    const char **sets;
    bool no_sandbox; /* heeded by `run` alone */
    char **operands; /* what is no option, as a part of argv */
    size_t operand_count;
};

/* Reads the command line behind argv[0]. Says what is wrong with it on standard error. Returns an
 * exit status; only after STATUS_OK there is something to free. */
int options_parse(int argc, char **argv, struct options *ret_options);
void options_done(struct options *options);

/* Loads the configuration that they describe; see config_load. */
err_t options_try(const struct options *options, struct config **ret_config,
                  struct problems *problems);

/* The same, and says on standard error everything that is wrong. Returns an exit status. */
int options_load(const struct options *options, struct config **ret_config);

#endif
