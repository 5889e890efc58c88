/* command/run.c - the service: start, reload, stop.
 *
 * Called by: main.c. Owns: the workers and the plan in force. Everything that can be wrong with the
 * configuration is found before a port is opened, and on a reload before anything is touched.
 */
#include "base/thread.h"
#include "cache/cache.h"
#include "command/command.h"
#include "command/keeper.h"
#include "command/options.h"
#include "command/privileges.h"
#include "listen/admission.h"
#include "log/log.h"
#include "log/log_config.h"
#include "upstream/server.h"
#include "worker/plan.h"
#include "worker/prefetch.h"
#include "worker/worker.h"
#include "worker/worker_config.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

struct service {
    struct options options;
    struct plan *plan; /* in force */
    struct commons commons;
    struct keeper *keeper; /* NULL: nothing is kept over a restart */
    size_t count;
    struct worker **workers;
};

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

/* Gives the plan to all workers and waits until each has put it in force. */
static err_t apply(struct service *s, struct plan *plan)
{
    sem_t done;
    err_t err = OK;
    size_t asked = 0;

    sem_init(&done, 0, 0);
    for (; asked < s->count && err == OK; asked += err == OK)
        err = worker_apply(s->workers[asked], plan, &done);
    while (asked-- > 0)
        while (sem_wait(&done) != 0)
            ;
    sem_destroy(&done);
    return err;
}

static err_t make_commons(struct service *s)
{
    TRY(admission_new(&s->commons.admission));
    if (s->plan->cache.size == 0)
        return OK;
    TRY(prefetch_new(&s->commons.prefetch));
    return cache_new(&s->commons.cache, &s->plan->cache);
}

static err_t start_workers(struct service *s)
{
    TRY(make_commons(s));
    s->workers = calloc(s->plan->workers, sizeof *s->workers);
    if (!s->workers)
        return ERR_NOMEM;
    for (; s->count < s->plan->workers; s->count++) {
        TRY(worker_new(&s->workers[s->count], s->count, &s->commons));
        TRY(worker_start(s->workers[s->count]));
    }
    TRY(apply(s, s->plan));
    if (!s->commons.cache || s->plan->cache.file[0] == 0)
        return OK;
    return keeper_start(&s->keeper, s->commons.cache, s->plan->cache.file);
}

static void tell_started(const struct service *s)
{
    for (size_t i = 0; i < s->plan->door_count; i++) {
        char text[ADDR_TEXT_MAX];

        log_event(s->plan->doors[i].is_absent ? EVENT_listener_absent : EVENT_listening, "%s://%s",
                  s->plan->doors[i].ops->name, addr_format(&s->plan->doors[i].addr, text));
    }
    log_event(EVENT_started, "version=%s workers=%zu pid=%d", DOTPROXY_VERSION, s->count,
              (int)getpid());
}

/* Everything up to the point where queries are answered. */
static int start(struct service *s)
{
    struct config *config;
    char reason[PLAN_REASON_MAX];
    struct log_settings log;
    int status = options_load(&s->options, &config);

    if (status != STATUS_OK)
        return status;
    status = STATUS_USAGE;
    if (plan_new(&s->plan, config, workers_wanted(config), reason) != OK)
        goto fail;
    status = STATUS_FAILED;
    allow_many_descriptors();
    if (plan_open(s->plan, NULL, reason) != OK || privileges_drop(config, reason) != OK)
        goto fail;
    log = log_settings_of(config);
    config_unref(&config);
    if (log_start(&log) != OK || start_workers(s) != OK) {
        fprintf(stderr, "dotproxy: cannot start the threads: out of memory or of processes\n");
        return STATUS_FAILED;
    }
    tell_started(s);
    return STATUS_OK;
fail:
    fprintf(stderr, "dotproxy: %s\n", reason);
    config_unref(&config);
    return status;
}

/* The configuration as the file has it now; what is wrong with it is logged. */
static struct config *read_again(const struct service *s)
{
    struct problems problems;
    struct config *config;

    if (options_try(&s->options, &config, &problems) == OK)
        return config;
    for (size_t i = 0; i < problems.count; i++)
        log_event(EVENT_reload_failed, "%s", problems.list[i].text);
    return NULL;
}

static void tell_what_needs_restart(const struct service *s, const struct config *config)
{
    const struct worker_config *before = config_one(s->plan->config, &worker_section);
    const struct worker_config *now = config_one(config, &worker_section);
    const struct cache_config *cache = config_one(config, &cache_section);

    if (workers_wanted(config) != s->count)
        log_event(EVENT_reload_partly, "key=workers");
    if (s->plan->cache.size != cache->size)
        log_event(EVENT_reload_partly, "key=cache.size");
    if (strcmp(before->user, now->user) != 0)
        log_event(EVENT_reload_partly, "key=user");
}

static void reload(struct service *s)
{
    struct config *config = read_again(s);
    struct plan *plan = NULL;
    char reason[PLAN_REASON_MAX] = "out of memory";
    struct log_settings log;

    if (!config)
        return;
    if (plan_new(&plan, config, s->count, reason) != OK || plan_open(plan, s->plan, reason) != OK ||
        apply(s, plan) != OK) {
        log_event(EVENT_reload_failed, "%s", reason);
        plan_free(&plan);
        config_unref(&config);
        return;
    }
    if (s->commons.cache)
        cache_configure(s->commons.cache, &plan->cache);
    tell_what_needs_restart(s, config);
    log = log_settings_of(config);
    log_change(&log);
    config_unref(&config);
    plan_free(&s->plan);
    s->plan = plan;
    log_event(EVENT_reloaded, "listeners=%zu upstreams=%zu", plan->door_count,
              plan->servers->count);
}

static void tell_counters(const struct service *s)
{
    uint64_t sums[METRIC_COUNT] = { 0 };
    char text[1500];

    for (size_t i = 0; i < s->count; i++)
        metrics_sum(&s->workers[i]->metrics, sums);
    metrics_format(sums, text, sizeof text);
    log_event(EVENT_counters, "%s", text);
}

static void stop(struct service *s)
{
    for (size_t i = 0; i < s->count; i++)
        worker_stop(s->workers[i]);
    for (size_t i = 0; i < s->count; i++)
        worker_join(s->workers[i]);
    keeper_stop(&s->keeper);
    if (s->count > 0)
        tell_counters(s);
    for (size_t i = 0; i < s->count; i++)
        worker_free(&s->workers[i]);
    free(s->workers);
    plan_free(&s->plan);
    admission_free(&s->commons.admission);
    prefetch_free(&s->commons.prefetch);
    cache_free(&s->commons.cache);
    options_done(&s->options);
}

static void obey_signals(struct service *s, const sigset_t *signals)
{
    for (;;) {
        int got = sigwaitinfo(signals, NULL);

        if (got == SIGHUP)
            reload(s);
        if (got == SIGTERM || got == SIGINT)
            break;
    }
    log_event(EVENT_stopping, "%s", "");
}

int command_run(int argc, char **argv)
{
    struct service service = { 0 };
    sigset_t signals;
    int status = options_parse(argc, argv, &service.options);

    if (status != STATUS_OK)
        return status;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    sigaddset(&signals, SIGUSR1);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    status = start(&service);
    if (status == STATUS_OK)
        obey_signals(&service, &signals);
    stop(&service);
    if (status == STATUS_OK)
        log_event(EVENT_stopped, "%s", "");
    log_stop();
    return status;
}
