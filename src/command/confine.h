#ifndef COMMAND_CONFINE_H
#define COMMAND_CONFINE_H

#include "command/options.h"
#include "sandbox/sandbox.h"

/* Gives up what `config` does not need, before the first thread starts. Returns an error only when
 * dotproxy must not start, and why in `reason`. */
err_t confine(struct sandbox **ret_sandbox, const struct config *config,
              const struct options *options, char reason[SANDBOX_REASON_MAX]);

/* What is in force, and what is not: to the log. */
void confine_tell(const struct sandbox *sandbox);

/* Reads the configuration again, unless it names what the sandbox does not open: then `remarks`
 * says that it needs a restart. */
err_t confine_try(const struct sandbox *sandbox, const struct options *options,
                  struct config **ret_config, struct problems *remarks);

#endif
