/* bench/micro/evict.c - hit ratios of the cache beside those of LRU, FIFO and SIEVE.
 *
 *     bench_evict [BYTES] [NAMES] [QUERIES]
 *
 * The others are simulated, with as many entries as the cache held at the end. All see the same
 * queries: a Zipf trace, and the same with a crowd of names in it that are asked for once.
 */
#include "micro/names.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define SCAN_EVERY 5 /* of so many stretches one is a scan */
#define STRETCH    100000u
#define NOBODY     UINT32_MAX

struct trace {
    const char *name;
    double skew;
    bool has_scan;
};

static const struct trace traces[] = {
    { "zipf 0.8", 0.8, false },       { "zipf 0.9", 0.9, false },       { "zipf 1.0", 1.0, false },
    { "zipf 0.9 + scan", 0.9, true }, { "zipf 1.0 + scan", 1.0, true },
};

static uint64_t state;

static double draw(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (double)(state >> 11) / 9007199254740992.0;
}

/* Sums of 1/n^skew; a draw is found among them by halving. */
static double *zipf_sums(uint32_t names, double skew)
{
    double *sums = malloc(names * sizeof *sums), sum = 0;

    for (uint32_t i = 0; i < names; i++)
        sums[i] = sum += pow(i + 1, -skew);
    return sums;
}

static uint32_t zipf(const double *sums, uint32_t names)
{
    const double wanted = draw() * sums[names - 1];
    uint32_t low = 0, high = names - 1;

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;

        if (sums[middle] < wanted)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Numbers from `names` on are asked for once. */
static uint32_t *make_trace(const struct trace *t, uint32_t names, uint32_t queries)
{
    uint32_t *trace = malloc(queries * sizeof *trace), next = names;
    double *sums = zipf_sums(names, t->skew);

    state = 88172645463325252u;
    for (uint32_t i = 0; i < queries; i++) {
        const bool is_scan = t->has_scan && i / STRETCH % SCAN_EVERY == SCAN_EVERY - 1;

        trace[i] = is_scan ? next++ : zipf(sums, names);
    }
    free(sums);
    return trace;
}

/* A list by numbers; `next` leads to the older. */
struct simulation {
    uint32_t *next, *prev;
    uint8_t *is_in, *visited;
    uint32_t newest, oldest, hand, count;
};

static void unlink_name(struct simulation *s, uint32_t n)
{
    if (s->prev[n] == NOBODY)
        s->newest = s->next[n];
    else
        s->next[s->prev[n]] = s->next[n];
    if (s->next[n] == NOBODY)
        s->oldest = s->prev[n];
    else
        s->prev[s->next[n]] = s->prev[n];
    s->is_in[n] = 0;
    s->count--;
}

static void push(struct simulation *s, uint32_t n)
{
    s->next[n] = s->newest;
    s->prev[n] = NOBODY;
    if (s->newest == NOBODY)
        s->oldest = n;
    else
        s->prev[s->newest] = n;
    s->newest = n;
    s->is_in[n] = 1;
    s->visited[n] = 0;
    s->count++;
}

static void evict_oldest(struct simulation *s)
{
    unlink_name(s, s->oldest);
}

/* SIEVE (Zhang and others, NSDI 2024): the hand goes from old to new and spares who was visited. */
static void evict_sieve(struct simulation *s)
{
    uint32_t n = s->hand == NOBODY ? s->oldest : s->hand;

    while (s->visited[n]) {
        s->visited[n] = 0;
        n = s->prev[n] == NOBODY ? s->oldest : s->prev[n];
    }
    s->hand = s->prev[n];
    unlink_name(s, n);
}

struct policy {
    const char *name;
    void (*evict)(struct simulation *);
    bool moves_on_hit;
};

static const struct policy policies[] = {
    { "lru", evict_oldest, true },
    { "fifo", evict_oldest, false },
    { "sieve", evict_sieve, false },
};

static double simulate(const struct policy *p, const uint32_t *trace, uint32_t queries,
                       uint32_t names, uint32_t capacity)
{
    struct simulation s = { .newest = NOBODY, .oldest = NOBODY, .hand = NOBODY };
    uint32_t hits = 0;

    s.next = malloc(names * sizeof *s.next);
    s.prev = malloc(names * sizeof *s.prev);
    s.is_in = calloc(names, 1);
    s.visited = calloc(names, 1);
    for (uint32_t i = 0; i < queries; i++) {
        const uint32_t n = trace[i];

        if (s.is_in[n]) {
            hits++;
            s.visited[n] = 1;
            if (!p->moves_on_hit)
                continue;
            unlink_name(&s, n);
        } else if (s.count == capacity) {
            p->evict(&s);
        }
        push(&s, n);
    }
    free(s.next);
    free(s.prev);
    free(s.is_in);
    free(s.visited);
    return 100.0 * hits / queries;
}

static double measure(struct cache *c, const uint32_t *trace, uint32_t queries)
{
    uint32_t hits = 0;
    uint8_t room[1500];

    for (uint32_t i = 0; i < queries; i++) {
        struct message_query q;

        name_query(&q, trace[i]);
        if (name_get(c, &q, 1, room, sizeof room))
            hits++;
        else
            name_put(c, trace[i], 1);
    }
    return 100.0 * hits / queries;
}

static void compare(const struct trace *t, size_t size, uint32_t names, uint32_t queries)
{
    uint32_t *trace = make_trace(t, names, queries);
    struct cache *c = name_cache(size);
    struct cache_stats stats;
    const double hits = measure(c, trace, queries);

    cache_stats(c, &stats);
    printf("%-16s %7zu entries: cache %.2f %%", t->name, stats.entries, hits);
    for (size_t i = 0; i < sizeof policies / sizeof *policies; i++)
        printf(", %s %.2f %%", policies[i].name,
               simulate(&policies[i], trace, queries, names + queries, (uint32_t)stats.entries));
    printf("\n");
    fflush(stdout);
    cache_free(&c);
    free(trace);
}

int main(int argc, char **argv)
{
    const size_t size = argc > 1 ? strtoul(argv[1], NULL, 10) : (size_t)4 << 20;
    const uint32_t names = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 1000000;
    const uint32_t queries = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 4000000;

    for (size_t i = 0; i < sizeof traces / sizeof *traces; i++)
        compare(&traces[i], size, names, queries);
    return 0;
}
