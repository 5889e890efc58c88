#ifndef COMMAND_PRIVILEGES_H
#define COMMAND_PRIVILEGES_H

#include "base/err.h"
#include "worker/plan.h"

/* Becomes the user that the configuration names, for good; nothing when it names none. */
err_t privileges_drop(const struct config *config, char reason[PLAN_REASON_MAX]);

#endif
