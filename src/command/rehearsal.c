/* command/rehearsal.c - what is known to be wrong with a configuration before anything is opened.
 *
 * Called by: check.c, service.c.
 */
#include "command/rehearsal.h"

#include "config/config.h"
#include "sandbox/user.h"
#include "worker/worker_config.h"

err_t rehearse(struct config *config, size_t workers, struct plan **ret_plan,
               char reason[PLAN_REASON_MAX])
{
    const struct worker_config *worker = config_one(config, &worker_section);

    TRY(user_check(worker->user, reason));
    return plan_new(ret_plan, config, workers, reason);
}
