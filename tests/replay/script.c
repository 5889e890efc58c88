/* tests/replay/script.c - the worker under test, and the time it lives in.
 *
 * Owns: the worker, the plan in force, the admission.
 */
#include "replay/script.h"

#include "base/clock.h"
#include "cache/cache.h"
#include "command/sections.h"
#include "config/config.h"
#include "io/loop.h"
#include "listen/admission.h"
#include "querylog/querylog.h"
#include "worker/plan.h"
#include "worker/prefetch.h"
#include "worker/worker.h"

#include <stdio.h>

#define TURNS_MAX 100000 /* more without a step of time are a loop that spins */
#define DAY_NS    (86400ll * (int64_t)NS_PER_S)

static struct {
    struct worker *worker;
    struct plan *plan;
    struct commons commons;
    uint64_t start_ns;
    bool stopping;
} replay;

/* Opens the doors that the plan in force does not have. The rules are off unless the script names
 * their mode. */
static err_t make_plan(const char *yaml, struct plan **ret_plan)
{
    static const char *const unguarded[] = { "limit.mode=off" };
    const struct config_source source = { .file = "replay.yaml",
                                          .bytes = slice_of(yaml, strlen(yaml)),
                                          .sets = unguarded,
                                          .set_count = strstr(yaml, "mode:") ? 0 : 1 };
    static struct problems problems;
    struct config *config;
    struct plan *plan;
    char reason[PLAN_REASON_MAX];
    err_t err;

    problems.count = 0;
    if (config_load(&source, config_sections, config_section_count, &config, &problems) != OK) {
        fprintf(stderr, "%s\n", problems.list[0].text);
        return ERR_CONFIG;
    }
    err = plan_new(&plan, config, 1, reason);
    config_unref(&config);
    if (err != OK)
        return err;
    err = plan_open(plan, replay.plan, reason);
    if (err == OK)
        *ret_plan = plan;
    else
        plan_free(&plan);
    return err;
}

static void make_commons(void)
{
    CHECK_EQUAL(admission_new(&replay.commons.admission), OK);
    CHECK_EQUAL(policy_state_new(&replay.commons.policy), OK);
    CHECK_EQUAL(querylog_new(&replay.commons.querylog, 1), OK);
    if (replay.plan->cache.size == 0)
        return;
    CHECK_EQUAL(prefetch_new(&replay.commons.prefetch), OK);
    CHECK_EQUAL(cache_new(&replay.commons.cache, &replay.plan->cache), OK);
}

void replay_start_seeded(const char *yaml, uint64_t seed)
{
    world_begin(seed);
    memset(&replay, 0, sizeof replay);
    replay.start_ns = world.monotonic_ns;
    CHECK_EQUAL(make_plan(yaml, &replay.plan), OK);
    make_commons();
    CHECK_EQUAL(worker_new(&replay.worker, 0, &replay.commons), OK);
    CHECK_EQUAL(worker_apply(replay.worker, replay.plan, NULL), OK);
    settle();
}

void replay_start(const char *yaml)
{
    replay_start_seeded(yaml, 1);
}

err_t replay_reload(const char *yaml)
{
    struct plan *plan;

    TRY(make_plan(yaml, &plan));
    TRY(worker_apply(replay.worker, plan, NULL));
    settle();
    plan_free(&replay.plan);
    replay.plan = plan;
    return OK;
}

void replay_stop(void)
{
    replay.stopping = true;
    worker_stop(replay.worker);
    settle();
}

bool replay_is_over(void)
{
    return loop_is_stopped(replay.worker->loop);
}

struct worker *replay_worker(void)
{
    return replay.worker;
}

/* What the limit has left tells what is held. */
size_t replay_bytes_held(void)
{
    size_t low = 0, high = SIZE_MAX / 4;

    while (low < high) { /* the smallest limit under which one byte more is granted */
        size_t middle = low + (high - low) / 2;

        if (admission_hold(replay.commons.admission, 0, 1, middle)) {
            admission_hold(replay.commons.admission, 1, 0, 0);
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low - 1;
}

void replay_end(void)
{
    if (!replay.stopping) {
        CHECK_EQUAL(replay.worker->queries.used, 0);
        replay_stop();
        advance(100);
    }
    CHECK(replay_is_over());
    worker_free(&replay.worker);
    CHECK_EQUAL(world.code_holds, 0);
    CHECK_EQUAL(replay_bytes_held(), 0);
    plan_free(&replay.plan);
    admission_free(&replay.commons.admission);
    policy_state_free(&replay.commons.policy);
    querylog_free(&replay.commons.querylog);
    prefetch_free(&replay.commons.prefetch);
    cache_free(&replay.commons.cache);
    world_end();
}

bool turn(void)
{
    return loop_turn(replay.worker->loop);
}

void settle(void)
{
    for (unsigned i = 0; turn(); i++)
        CHECK(i < TURNS_MAX);
}

/* The loop sleeps until a timer is due, as the real one does. */
void advance(uint64_t ms)
{
    uint64_t end_ns = world.monotonic_ns + ms * NS_PER_MS;

    while (world.monotonic_ns < end_ns) {
        uint64_t next_ns = wheel_next_ns(loop_wheel(replay.worker->loop));
        uint64_t now_ns = next_ns < end_ns ? next_ns : end_ns;

        if (replay_is_over() || now_ns < world.monotonic_ns)
            now_ns = end_ns;
        world.wall_ns += now_ns - world.monotonic_ns;
        world.monotonic_ns = now_ns;
        settle();
    }
}

void leap(uint64_t ms)
{
    world.wall_ns += ms * NS_PER_MS;
    world.monotonic_ns += ms * NS_PER_MS;
    settle();
}

void machine_sleeps(uint64_t ms)
{
    world.wall_ns += ms * NS_PER_MS;
    world.asleep_ns += ms * NS_PER_MS;
    settle();
}

void machine_moves(unsigned host)
{
    world.host = host;
}

void set_wall_clock(int64_t days)
{
    world.wall_ns += (uint64_t)(days * DAY_NS);
    settle();
}

uint64_t now_ms(void)
{
    return (world.monotonic_ns - replay.start_ns) / NS_PER_MS;
}

uint64_t counted(enum metric which)
{
    uint64_t sums[METRIC_COUNT] = { 0 };

    metrics_sum(&replay.worker->metrics, sums);
    return sums[which];
}
