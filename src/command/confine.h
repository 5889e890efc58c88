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

/* Reads the configuration again, as far as the sandbox lets us, and looks whether it lets us put it
 * in force. */
err_t confine_try(const struct sandbox *sandbox, const struct options *options,
                  struct config **ret_config, struct problems *remarks);

#endif
