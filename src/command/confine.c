/* command/confine.c - the sandbox as the service has it: entered, told of, asked before a reload.
 */
#include "command/confine.h"

#include "config/config.h"
#include "log/log.h"
#include "worker/worker_config.h"

err_t confine(struct sandbox **ret_sandbox, const struct config *config,
              const struct options *options, char reason[SANDBOX_REASON_MAX])
{
    const struct worker_config *worker = config_one(config, &worker_section);
    const struct sandbox_settings settings = {
        .config = config,
        .config_file = options->source.file,
        .user = worker->user,
        .is_off = options->no_sandbox,
    };

    return sandbox_enter(ret_sandbox, &settings, reason);
}

static void tell_all(enum log_event event, const struct problems *list)
{
    for (size_t i = 0; i < list->count; i++)
        log_event(event, "%s", list->list[i].text);
}

void confine_tell(const struct sandbox *sandbox)
{
    if (sandbox->is_off) {
        log_event(EVENT_sandbox_off, "%s", "");
        return;
    }
    log_event(EVENT_sandboxed, "%s", sandbox->in_force);
    tell_all(EVENT_sandbox_partly, &sandbox->missing);
    tell_all(EVENT_sandbox_shared, &sandbox->shared);
    tell_all(EVENT_sandbox_denied, &sandbox->denied);
}

static err_t check(const void *arg, const struct config *config, struct problems *problems)
{
    return sandbox_check(arg, config, problems);
}

err_t confine_try(const struct sandbox *sandbox, const struct options *options,
                  struct config **ret_config, struct problems *remarks)
{
    struct options guarded = *options;

    remarks->count = 0;
    if (sandbox->is_off)
        return options_try(options, ret_config, remarks);
    guarded.source.gate = check;
    guarded.source.gate_arg = sandbox;
    if (options->source.file)
        TRY(sandbox_check_file(sandbox, options->source.file, remarks));
    return options_try(&guarded, ret_config, remarks);
}
