/* worker/prefetch.c - a popular response is fetched anew before it expires.
 *
 * Called by: stages.c, on a hit. Owns: a table of those that are being fetched.
 */
#include "worker/prefetch.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/random.h"
#include "metrics/metrics.h"
#include "query/query.h"
#include "worker/pipeline.h"
#include "worker/stages.h"
#include "worker/worker.h"

#include <stdatomic.h>
#include <stdlib.h>

#define PLACES  4096
#define POPULAR 1 /* hits before this one */
#define CLAIM_S 6 /* a little longer than a question is waited for */

struct prefetch {
    struct hash_key key;
    _Atomic uint64_t claims[PLACES]; /* a part of the hash, and the second until which it holds */
};

err_t prefetch_new(struct prefetch **ret_prefetch)
{
    struct prefetch *p = calloc(1, sizeof *p);
    struct random random = { 0 };

    if (!p)
        return ERR_NOMEM;
    p->key = (struct hash_key){ random_u64(&random), random_u64(&random) };
    *ret_prefetch = p;
    return OK;
}

void prefetch_free(struct prefetch **p)
{
    free(*p);
    *p = NULL;
}

static uint64_t hash_of(const struct prefetch *p, const struct message_query *asked)
{
    uint8_t bytes[DNS_NAME_MAX + 5];
    struct writer w = writer_of(bytes, sizeof bytes);

    write_bytes(&w, question_name(&asked->question));
    name_lower(bytes, asked->question.name_len);
    write_u16(&w, asked->question.qtype);
    write_u16(&w, asked->question.qclass);
    write_u8(&w, (uint8_t)(asked->edns.dnssec_ok << 1 | !!(asked->header.flags & DNS_CD)));
    return hash_bytes(&p->key, writer_slice(&w));
}

/* Whether nobody else is at it; two names that share a place take turns. */
static bool claim(struct prefetch *p, const struct message_query *asked, uint64_t now_s)
{
    uint64_t hash = hash_of(p, asked);
    _Atomic uint64_t *place = &p->claims[hash % PLACES];
    uint64_t before = atomic_load_explicit(place, memory_order_relaxed);
    uint64_t mine = (hash & ~0xffffffffull) | (uint32_t)(now_s + CLAIM_S);

    if ((before ^ mine) >> 32 == 0 && (uint32_t)before > (uint32_t)now_s)
        return false;
    return atomic_compare_exchange_strong(place, &before, mine);
}

static bool is_due(const struct query *q, const struct cache_hit *hit)
{
    uint64_t percent = q->worker->prefetch_percent;

    return hit->popularity >= POPULAR && !hit->is_failure &&
           (uint64_t)hit->ttl_left * 100 <= (uint64_t)hit->ttl_whole * percent;
}

void prefetch_if_due(const struct query *q, const struct cache_hit *hit)
{
    struct worker *w = q->worker;
    struct query *background;

    if (!is_due(q, hit) || !claim(w->commons->prefetch, &q->asked, loop_now_ns(w->loop) / NS_PER_S))
        return;
    background = query_begin(w, NULL);
    if (!background)
        return;
    background->asked = q->asked;
    background->message = (struct slice){ 0 };
    background->is_answered = true;
    metrics_count(&w->metrics, METRIC_cache_prefetches);
    refresh_query(background);
}
