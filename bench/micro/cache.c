/* bench/micro/cache.c - what a hit costs, on one thread and on several, and what a name takes up.
 *
 *     bench_cache get [THREADS] [NAMES]   nanoseconds of CPU a cache_get
 *     bench_cache fill [NAMES] [BYTES]    memory for distinct names in a cache of so many bytes
 *     bench_cache file [NAMES] [PATH]     how long saving and loading takes
 */
#include "base/clock.h"
#include "base/thread.h"
#include "cache/load.h"
#include "cache/save.h"
#include "micro/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define GETS        4000000u
#define THREADS_MAX 64
#define QUERIES     256 /* that a thread asks again and again: they fit into its own cache */
#define MIB         ((size_t)1 << 20)

struct run {
    struct cache *cache;
    uint64_t names, seed, hits;
    double cpu_ns, wall_ns;
};

static uint64_t cpu_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

static void *run_gets(void *arg)
{
    struct run *run = arg;
    struct message_query *queries = malloc(QUERIES * sizeof *queries);
    uint8_t room[1500];
    uint64_t cpu, wall;

    for (uint64_t i = 0; i < QUERIES; i++)
        name_query(&queries[i], (i * 2654435761u + run->seed) % run->names);
    cpu = cpu_ns();
    wall = clock_monotonic_ns();
    for (unsigned i = 0; i < GETS; i++)
        run->hits += name_get(run->cache, &queries[i % QUERIES], 10, room, sizeof room);
    run->cpu_ns = (double)(cpu_ns() - cpu) / GETS;
    run->wall_ns = (double)(clock_monotonic_ns() - wall) / GETS;
    free(queries);
    return NULL;
}

static int measure_gets(unsigned threads, uint64_t names)
{
    struct cache *c = name_cache(names * 200 + 64 * MIB);
    struct run runs[THREADS_MAX];
    pthread_t ids[THREADS_MAX];
    double rate = 0;

    for (uint64_t i = 0; i < names; i++)
        name_put(c, i, 0);
    for (unsigned i = 0; i < threads; i++) {
        runs[i] = (struct run){ .cache = c, .names = names, .seed = i };
        if (thread_start(&ids[i], "get", run_gets, &runs[i]) != OK)
            return 1;
    }
    for (unsigned i = 0; i < threads; i++) {
        pthread_join(ids[i], NULL);
        printf("thread %u: %.0f ns of CPU a get, %.0f ns by the clock, %.1f %% hits\n", i,
               runs[i].cpu_ns, runs[i].wall_ns, 100.0 * (double)runs[i].hits / GETS);
        rate += 1e3 / runs[i].cpu_ns;
    }
    printf("together: %.2f million a second of CPU\n", rate);
    cache_free(&c);
    return 0;
}

static size_t resident(void)
{
    FILE *f = fopen("/proc/self/statm", "r");
    size_t pages = 0;

    if (!f || fscanf(f, "%*u %zu", &pages) != 1)
        pages = 0;
    if (f)
        fclose(f);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static int measure_memory(uint64_t names, size_t size)
{
    const size_t before = resident(), wire = name_wire_len(0);
    struct cache *c = name_cache(size);
    struct cache_stats stats;
    uint64_t start = cpu_ns();

    for (uint64_t i = 0; i < names; i++)
        name_put(c, i, 0);
    start = cpu_ns() - start;
    cache_stats(c, &stats);
    printf("%zu bytes of wire a name; budget %zu, %zu entries, %llu evicted, resident %zu\n", wire,
           stats.size, stats.entries, (unsigned long long)stats.evictions, resident() - before);
    printf("a name: %.1f bytes of budget, %.1f resident: %.2f and %.2f times the wire\n",
           (double)size / (double)stats.entries,
           (double)(resident() - before) / (double)stats.entries,
           (double)size / (double)(stats.entries * wire),
           (double)(resident() - before) / (double)(stats.entries * wire));
    printf("%.0f ns of CPU a put\n", (double)start / (double)names);
    cache_free(&c);
    return 0;
}

static int measure_file(uint64_t names, const char *path)
{
    struct cache *c = name_cache(names * 110 + 64 * MIB);
    struct cache_restored restored;
    uint64_t start;
    size_t saved;

    for (uint64_t i = 0; i < names; i++)
        name_put(c, i, 0);
    start = clock_monotonic_ns();
    if (cache_save(c, path, &(struct cache_clocks){ 10, 1000000 }, &saved) != OK)
        return 1;
    printf("saved %zu in %.0f ms\n", saved, (double)(clock_monotonic_ns() - start) / 1e6);
    cache_flush(c, NULL);
    start = clock_monotonic_ns();
    if (cache_load(c, path, &(struct cache_clocks){ 10, 1000000 }, NULL, &restored) != OK)
        return 1;
    printf("loaded %zu in %.0f ms\n", restored.count, (double)(clock_monotonic_ns() - start) / 1e6);
    cache_free(&c);
    return 0;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "get";
    const uint64_t number = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;

    if (strcmp(what, "fill") == 0)
        return measure_memory(number ? number : 1000000,
                              argc > 3 ? strtoull(argv[3], NULL, 10) : 128 * MIB);
    if (strcmp(what, "file") == 0)
        return measure_file(number ? number : 1000000, argc > 3 ? argv[3] : "bench-cache.tmp");
    if (number > THREADS_MAX)
        return 2;
    return measure_gets(number ? (unsigned)number : 1,
                        argc > 3 ? strtoull(argv[3], NULL, 10) : 10000);
}
