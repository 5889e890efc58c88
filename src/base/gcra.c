/* base/gcra.c - how fast many keys may go, in one table of fixed size.
 *
 * Called by: policy (queries of clients, misses below a domain), listen (handshakes), from every
 * worker. A word is 20 bits of the key and the time at which its bucket will be full again, in
 * 44 bits of ticks that wrap after thirteen days: a time further ahead than a bucket takes, and one
 * that is owed, lies in the past. So who comes back after days is not taken for a debtor.
 */
#include "base/gcra.h"

#include "base/clock.h"

#include <stdatomic.h>
#include <stdlib.h>

#define TICK_SHIFT 6 /* 64 ns */
#define TIME_BITS  44
#define TIME_MASK  ((1ull << TIME_BITS) - 1)
#define SKEW       (10 * (NS_PER_S >> TICK_SHIFT)) /* threads' clocks are behind each other by less */
#define GROUP      8 /* words that a key may be in: a line of the processor's cache */
#define LINE       (GROUP * sizeof(uint64_t))
#define GROUPS_MIN 8
#define ATTEMPTS   4 /* against other threads; then the key is let off this once */

struct gcra {
    size_t group_mask;
    void *memory;
    _Atomic uint64_t *words; /* in it */
};

/* A key's word, or the one that it may have. */
struct place {
    _Atomic uint64_t *word;
    uint64_t seen;
    uint64_t used; /* ticks until the bucket is full again */
    bool is_mine;
};

struct gcra_rate gcra_rate_of(uint64_t per_second, uint64_t burst)
{
    uint64_t ticks = NS_PER_S >> TICK_SHIFT, longest = GCRA_LONGEST_S * ticks;
    uint64_t interval = ticks / per_second ? ticks / per_second : 1;

    return (struct gcra_rate){ interval, burst < longest / interval ? burst * interval : longest };
}

err_t gcra_new(struct gcra **ret_gcra, size_t keys)
{
    struct gcra *g = malloc(sizeof *g);
    size_t groups = GROUPS_MIN;

    if (!g)
        return ERR_NOMEM;
    while (groups * GROUP < keys)
        groups *= 2;
    g->group_mask = groups - 1;
    g->memory = calloc(groups + 1, LINE); /* pages that nobody writes to take no room */
    if (!g->memory) {
        free(g);
        return ERR_NOMEM;
    }
    g->words = (void *)(((uintptr_t)g->memory + LINE - 1) & ~(uintptr_t)(LINE - 1));
    *ret_gcra = g;
    return OK;
}

void gcra_free(struct gcra **g)
{
    if (!*g)
        return;
    free((*g)->memory);
    free(*g);
    *g = NULL;
}

/* Buckets of all words take about as long: multiples are of rate and burst alike. No key's word is
 * 0. */
static uint64_t ticks_until_full(uint64_t word, const struct gcra_rate *rate, uint64_t now)
{
    uint64_t ahead = (word - now) & TIME_MASK;

    return word != 0 && ahead <= 2 * rate->tolerance + SKEW ? ahead : 0;
}

/* The word with the fullest bucket. */
static struct place find_room(_Atomic uint64_t *group, const struct gcra_rate *rate, uint64_t now)
{
    struct place best = { .used = UINT64_MAX };

    for (size_t i = 0; i < GROUP; i++) {
        uint64_t seen = atomic_load_explicit(&group[i], memory_order_relaxed);
        uint64_t used = ticks_until_full(seen, rate, now);

        if (used < best.used)
            best = (struct place){ &group[i], seen, used, false };
    }
    return best;
}

static inline struct place find(const struct gcra *g, uint64_t key, const struct gcra_rate *rate,
                                uint64_t now)
{
    _Atomic uint64_t *group = &g->words[(key & g->group_mask) * GROUP];

    for (size_t i = 0; i < GROUP; i++) {
        uint64_t seen = atomic_load_explicit(&group[i], memory_order_relaxed);

        if ((seen ^ key) >> TIME_BITS == 0 && seen != 0)
            return (struct place){ &group[i], seen, ticks_until_full(seen, rate, now), true };
    }
    return find_room(group, rate, now);
}

/* Where a newcomer begins whose word was another's until now. */
static uint64_t used_by_newcomer(const struct place *p, const struct gcra_rate *rate)
{
    return p->used < rate->tolerance / 2 ? p->used : rate->tolerance / 2;
}

/* What using up `ticks` more of the bucket comes to, unless that is more than `most` then. */
static inline bool look(const struct gcra *g, uint64_t key, const struct gcra_rate *rate,
                        uint64_t ticks, uint64_t most, uint64_t now, struct gcra_bid *ret_bid)
{
    struct place p = find(g, key, rate, now);
    uint64_t used = (p.is_mine ? p.used : used_by_newcomer(&p, rate)) + ticks;

    if (used > most)
        return false;
    *ret_bid = (struct gcra_bid){ p.word, p.seen,
                                  key >> TIME_BITS << TIME_BITS | ((now + used) & TIME_MASK) };
    return true;
}

static inline bool pay(struct gcra_bid *bid)
{
    return atomic_compare_exchange_strong_explicit(bid->word, &bid->seen, bid->after,
                                                   memory_order_relaxed, memory_order_relaxed);
}

static bool use(struct gcra *g, uint64_t key, const struct gcra_rate *rate, uint64_t ticks,
                uint64_t most, uint64_t now_ns)
{
    struct gcra_bid bid;

    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        if (!look(g, key, rate, ticks, most, now_ns >> TICK_SHIFT, &bid))
            return false;
        if (pay(&bid))
            return true;
    }
    return true;
}

bool gcra_take(struct gcra *g, uint64_t key, const struct gcra_rate *rate, unsigned cost,
               uint64_t now_ns)
{
    return use(g, key, rate, cost * rate->interval, rate->tolerance, now_ns);
}

bool gcra_look(struct gcra *g, uint64_t key, const struct gcra_rate *rate, uint64_t now_ns,
               struct gcra_bid *ret_bid)
{
    return look(g, key, rate, rate->interval, rate->tolerance, now_ns >> TICK_SHIFT, ret_bid);
}

void gcra_pay(struct gcra *g, uint64_t key, const struct gcra_rate *rate, uint64_t now_ns,
              struct gcra_bid *bid)
{
    if (!pay(bid))
        gcra_take(g, key, rate, 1, now_ns);
}

void gcra_owe(struct gcra *g, uint64_t key, const struct gcra_rate *rate, unsigned cost,
              uint64_t now_ns)
{
    uint64_t ticks = cost * rate->interval;

    if (ticks > rate->tolerance)
        ticks = rate->tolerance;
    use(g, key, rate, ticks, 2 * rate->tolerance, now_ns);
}

uint64_t gcra_left(const struct gcra *g, uint64_t key, const struct gcra_rate *rate,
                   uint64_t now_ns)
{
    struct place p = find(g, key, rate, now_ns >> TICK_SHIFT);
    uint64_t used = p.is_mine ? p.used : used_by_newcomer(&p, rate);

    return used < rate->tolerance ? (rate->tolerance - used) / rate->interval : 0;
}
