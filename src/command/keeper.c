/* command/keeper.c - what is remembered outlives a restart.
 *
 * Called by: service.c. Owns: one thread. A file that cannot be used is told of and left alone; the
 * cache is then what it would be without one.
 */
#include "command/keeper.h"

#include "base/clock.h"
#include "base/thread.h"
#include "cache/load.h"
#include "cache/save.h"
#include "log/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SAVE_EVERY_S 900

struct keeper {
    struct cache *cache;
    char *path;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t told;
    _Atomic bool stops; /* written by main with the lock held, read by the thread */
};

static struct cache_clocks read_clocks(void)
{
    return (struct cache_clocks){ (uint32_t)(clock_monotonic_ns() / NS_PER_S),
                                  clock_wall_ns() / NS_PER_S };
}

static void load(struct keeper *k)
{
    const struct cache_clocks now = read_clocks();
    struct cache_restored restored = { 0 };
    err_t err = cache_load(k->cache, k->path, &now, &k->stops, &restored);

    if (err == OK)
        log_event(EVENT_cache_loaded, "file=%s responses=%zu", k->path, restored.count);
    else if (err != ERR_SYSTEM || errno != ENOENT)
        log_event(EVENT_cache_not_loaded, "file=%s reason=\"%s\"", k->path,
                  restored.why ? restored.why : err_text(err));
}

static void save(struct keeper *k)
{
    const struct cache_clocks now = read_clocks();
    size_t count = 0;

    if (cache_save(k->cache, k->path, &now, &count) == OK)
        log_event(EVENT_cache_saved, "file=%s responses=%zu", k->path, count);
    else
        log_event(EVENT_cache_not_saved, "file=%s reason=\"%s\"", k->path, err_text(ERR_SYSTEM));
}

/* Whether it is time to save; else it is time to end. */
static bool wait_for_turn(struct keeper *k)
{
    struct timespec until;
    int why = 0;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += SAVE_EVERY_S;
    pthread_mutex_lock(&k->lock);
    while (!k->stops && why != ETIMEDOUT)
        why = pthread_cond_clockwait(&k->told, &k->lock, CLOCK_MONOTONIC, &until);
    pthread_mutex_unlock(&k->lock);
    return !k->stops;
}

static void *run(void *arg)
{
    struct keeper *k = arg;

    load(k);
    if (cache_try_save(k->path) != OK) /* found out now, and not when it stops */
        log_event(EVENT_cache_not_kept, "key=cache.file file=%s reason=\"%s\"", k->path,
                  err_text(ERR_SYSTEM));
    while (wait_for_turn(k))
        save(k);
    return NULL;
}

err_t keeper_start(struct keeper **ret_keeper, struct cache *cache, const char *path)
{
    struct keeper *k = calloc(1, sizeof *k);
    err_t err;

    if (!k)
        return ERR_NOMEM;
    k->cache = cache;
    k->path = strdup(path);
    if (!k->path) {
        free(k);
        return ERR_NOMEM;
    }
    pthread_mutex_init(&k->lock, NULL);
    pthread_cond_init(&k->told, NULL);
    err = thread_start(&k->thread, "dotproxy-keeper", run, k);
    if (err != OK) {
        free(k->path);
        free(k);
        return err;
    }
    *ret_keeper = k;
    return OK;
}

void keeper_stop(struct keeper **keeper)
{
    struct keeper *k = *keeper;

    if (!k)
        return;
    *keeper = NULL;
    pthread_mutex_lock(&k->lock);
    k->stops = true;
    pthread_cond_signal(&k->told);
    pthread_mutex_unlock(&k->lock);
    pthread_join(k->thread, NULL);
    save(k);
    pthread_cond_destroy(&k->told);
    pthread_mutex_destroy(&k->lock);
    free(k->path);
    free(k);
}
