/* command/service.c - what runs: the workers and the log, made from a configuration.
 *
 * Called by: run.c, by the main thread only. Everything that can be wrong with the configuration is
 * found before a port is opened, and on a reload before anything is touched.
 */
#include "command/service.h"

#include "base/thread.h"
#include "cache/cache.h"
#include "command/command.h"
#include "command/confine.h"
#include "command/crash_file.h"
#include "command/keeper.h"
#include "command/rehearsal.h"
#include "command/restart.h"
#include "control/control_config.h"
#include "control/metrics_config.h"
#include "control/web.h"
#include "io/socket.h"
#include "log/line.h"
#include "log/log.h"
#include "log/log_config.h"
#include "querylog/crash.h"
#include "querylog/querylog.h"
#include "upstream/roster.h"
#include "worker/exposure.h"
#include "worker/plan.h"
#include "worker/worker_config.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static struct log_settings log_settings_of(const struct config *config)
{
    const struct log_config *log = config_one(config, &log_section);

    return (struct log_settings){ (enum log_level)log->level, (enum log_target)log->to,
                                  (enum log_format)log->format };
}

static unsigned workers_wanted(const struct config *config)
{
    const struct worker_config *worker = config_one(config, &worker_section);

    return worker->workers ? worker->workers : thread_cpus();
}

/* Each connection takes one; the soft limit is for programs that use select(). */
static void allow_many_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static void tell_exposure(const struct plan *plan)
{
    char text[EXPOSURE_TEXT_MAX];

    if (exposure_find(plan->config, plan->policy, text))
        log_event(EVENT_open_resolver, "%s", text);
}

static void tell_started(const struct service *s)
{
    const struct crew *crew = &s->crew;
    const char *file = s->options.source.file;
    const struct plan *plan = crew->plan;

    for (size_t i = 0; i < plan->door_count; i++) {
        char text[ADDR_TEXT_MAX];

        log_event(plan->doors[i].is_absent ? EVENT_listener_absent : EVENT_listening, "%s://%s",
                  plan->doors[i].ops->name, addr_format(&plan->doors[i].addr, text));
    }
    tell_exposure(plan);
    log_event(EVENT_started, "version=%s workers=%zu pid=%d configuration=%s", DOTPROXY_VERSION,
              crew->count, (int)getpid(), file ? file : "none");
}

/* Monitoring that nobody can reach would be missed when it is needed. */
static err_t open_web_socket(struct service *s, const struct config *config,
                             char reason[PLAN_REASON_MAX])
{
    const struct metrics_config *metrics = config_one(config, &metrics_section);
    union addr addr;
    err_t err;

    if (metrics->listen[0] == 0)
        return OK;
    err = metrics_config_addr(metrics->listen, &addr);
    if (err == OK)
        err = socket_listen(&addr, true, &s->web_socket, 1);
    if (err != OK)
        snprintf(reason, PLAN_REASON_MAX, "metrics.listen: cannot listen on %s: %s",
                 metrics->listen, err_text(err));
    return err;
}

static err_t open_crash_file(struct service *s, const struct config *config,
                             char reason[PLAN_REASON_MAX])
{
    const struct control_config *control = config_one(config, &control_section);

    if (control->crash_file[0] == 0 ||
        crash_file_open(control->crash_file, &s->crash_fd, &s->has_crashed) == OK)
        return OK;
    snprintf(reason, PLAN_REASON_MAX, "control.crash_file: cannot open %.500s: %s",
             control->crash_file, err_text(ERR_SYSTEM));
    return ERR_SYSTEM;
}

/* Makes the plan and what needs root, and gives up the rights to more. `reason` says why not.
 * Returns an exit status. */
static int prepare(struct service *s, struct config *config, struct plan **ret_plan,
                   char reason[PLAN_REASON_MAX])
{
    if (rehearse(config, workers_wanted(config), ret_plan, reason) != OK)
        return STATUS_USAGE;
    allow_many_descriptors();
    if (plan_open(*ret_plan, NULL, reason) != OK || open_web_socket(s, config, reason) != OK ||
        open_crash_file(s, config, reason) != OK ||
        confine(&s->sandbox, config, &s->options, reason) != OK)
        return STATUS_FAILED;
    return STATUS_OK;
}

static err_t obey_reload(void *arg, struct problems *remarks)
{
    return service_reload(arg, remarks);
}

static void call_main(void *arg)
{
    (void)arg;
    kill(getpid(), SIGNAL_CONTROL); /* the other threads block it: thread_start */
}

/* DNS is served with or without it. */
static void open_control(struct service *s, const struct config *config)
{
    const struct control_config *control = config_one(config, &control_section);
    err_t err;

    s->house = (struct control_house){ .config_file = s->options.source.file,
                                       .crew = &s->crew,
                                       .reload = obey_reload,
                                       .call = call_main,
                                       .arg = s };
    if (control->socket[0] == 0)
        return;
    err = control_open(&s->control, control->socket, &s->house);
    if (err != OK)
        log_event(EVENT_control_failed, "socket=%s reason=\"%s\"", control->socket, err_text(err));
}

static err_t start_web(struct service *s)
{
    return s->web_socket < 0 ? OK : web_open(&s->web, &s->web_socket, &s->house);
}

/* What is kept of the last queries, and written when all else fails. */
static err_t start_recorder(struct service *s, const struct config *config)
{
    const struct control_config *control = config_one(config, &control_section);

    if (s->has_crashed)
        log_event(EVENT_crash_found, "file=%s.1", control->crash_file);
    if (control->recorder > 0)
        TRY(querylog_keep(s->crew.commons.querylog, control->recorder));
    if (s->crash_fd >= 0)
        TRY(crash_arm(s->crash_fd, s->crew.commons.querylog));
    s->crash_fd = -1;
    return OK;
}

static err_t start_keeper(struct service *s)
{
    struct cache *cache = s->crew.commons.cache;
    const char *file = s->crew.plan->cache.file;

    return cache && file[0] ? keeper_start(&s->keeper, cache, file) : OK;
}

/* Takes the plan. */
static int start_threads(struct service *s, const struct config *config, struct plan *plan)
{
    char reason[PLAN_REASON_MAX] = "cannot start the thread of the log: out of memory";
    const struct log_settings log = log_settings_of(config);

    if (log_start(&log) != OK) {
        plan_free(&plan);
    } else {
        confine_tell(s->sandbox);
        open_control(s, config); /* before threads that make files, because of the umask */
        if (crew_start(&s->crew, plan, reason) == OK && start_recorder(s, config) == OK &&
            start_keeper(s) == OK && start_web(s) == OK)
            return STATUS_OK;
    }
    fprintf(stderr, "dotproxy: %s\n", reason);
    return STATUS_FAILED;
}

int service_start(struct service *s)
{
    struct config *config;
    struct plan *plan = NULL;
    char reason[PLAN_REASON_MAX];
    int status = options_load(&s->options, &config);

    s->web_socket = s->crash_fd = -1;
    if (status != STATUS_OK)
        return status;
    status = prepare(s, config, &plan, reason);
    if (status == STATUS_OK) {
        status = start_threads(s, config, plan);
    } else {
        fprintf(stderr, "dotproxy: %s\n", reason);
        plan_free(&plan);
    }
    config_unref(&config);
    if (status == STATUS_OK)
        tell_started(s);
    return status;
}

static void remark(struct problems *remarks, const char *text)
{
    struct problem *problem = problems_add(remarks);

    if (problem)
        problem_set(problem, "%s", text);
}

/* What another group said of a name must not answer for the one that is asked now. */
static void forget_other_routing(const struct crew *crew, uint64_t routing_before)
{
    struct cache *cache = crew->commons.cache;

    if (cache && crew->plan->roster->routing != routing_before)
        log_event(EVENT_flushed, "responses=%zu of=all reason=\"other upstreams are asked now\"",
                  cache_flush(cache, NULL));
}

static err_t put_in_force(struct service *s, struct config *config, struct problems *remarks)
{
    const uint64_t routing_before = s->crew.plan->roster->routing;
    char reason[PLAN_REASON_MAX] = "out of memory";
    struct plan *plan = NULL;
    struct log_settings log;
    err_t err = plan_new(&plan, config, s->crew.count, reason);

    if (err == OK)
        err = plan_open(plan, s->crew.plan, reason);
    if (err == OK) {
        if (workers_wanted(config) != s->crew.count)
            remark(remarks, "workers");
        restart_remarks(s->crew.plan->config, config, remarks);
        err = crew_apply(&s->crew, plan, reason);
    }
    if (err != OK) {
        remarks->count = 0;
        remark(remarks, reason);
        plan_free(&plan);
        return err;
    }
    forget_other_routing(&s->crew, routing_before);
    log = log_settings_of(config);
    log_change(&log);
    return OK;
}

static void tell_reloaded(const struct service *s, err_t err, const struct problems *remarks)
{
    for (size_t i = 0; i < remarks->count; i++)
        if (err == OK)
            log_event(EVENT_reload_partly, "key=%s", remarks->list[i].text);
        else
            log_event(EVENT_reload_failed, "%s", remarks->list[i].text);
    if (err != OK)
        return;
    tell_exposure(s->crew.plan);
    log_event(EVENT_reloaded, "listeners=%zu upstreams=%zu", s->crew.plan->door_count,
              s->crew.plan->roster->count);
}

err_t service_reload(struct service *s, struct problems *remarks)
{
    struct config *config = NULL;
    err_t err = confine_try(s->sandbox, &s->options, &config, remarks);

    if (err == OK)
        err = put_in_force(s, config, remarks);
    tell_reloaded(s, err, remarks);
    config_unref(&config);
    return err;
}

static void tell_counters(const struct crew *crew)
{
    struct counter counters[CREW_COUNTERS + POLICY_COUNTS_MAX];
    struct policy_count rules[POLICY_COUNTS_MAX];
    char names[POLICY_COUNTS_MAX][POLICY_COUNT_NAME_MAX], text[LOG_DETAILS_MAX];
    size_t rule_count = crew_policy_counts(crew, rules);

    crew_counters(crew, counters);
    for (size_t i = 0; i < rule_count; i++)
        counters[CREW_COUNTERS + i] =
            (struct counter){ policy_count_name(&rules[i], names[i]), rules[i].value };
    metrics_format(counters, CREW_COUNTERS + rule_count, text, sizeof text);
    log_event(EVENT_counters, "%s", text);
}

void service_stop(struct service *s)
{
    control_close(&s->control);
    web_close(&s->web);
    socket_close(&s->web_socket);
    socket_close(&s->crash_fd);
    crew_stop(&s->crew);
    keeper_stop(&s->keeper);
    if (s->crew.count > 0)
        tell_counters(&s->crew);
    crash_disarm();
    crew_free(&s->crew);
    sandbox_free(&s->sandbox);
    options_done(&s->options);
}
