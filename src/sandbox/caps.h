#ifndef SANDBOX_CAPS_H
#define SANDBOX_CAPS_H

#include "base/err.h"

#include <stdbool.h>

/* Whether this process may open ports that are kept for the privileged. */
bool caps_open_low_ports(void);

/* No program that is started from here on can get a capability. Fails silently without the right to
 * do it: PR_SET_NO_NEW_PRIVS has the same effect. */
void caps_close_bounds(void);

/* Gives up all capabilities of this thread, but the one for low ports if they are wanted and it is
 * there. */
err_t caps_give_up(bool wants_low_ports);

#endif
