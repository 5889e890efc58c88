#ifndef COMMAND_REHEARSAL_H
#define COMMAND_REHEARSAL_H

#include "worker/plan.h"

/* All that a start does before it opens anything: the plan, which the caller frees, for so many
 * workers. `reason` says what is wrong with the configuration. */
err_t rehearse(struct config *config, size_t workers, struct plan **ret_plan,
               char reason[PLAN_REASON_MAX]);

#endif
