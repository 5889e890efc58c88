/* cache/cache.c - responses that may be asked for again, one memory for all workers.
 *
 * Called by: the walk (get, put), the control room (flush, stats), main (new, configure, free).
 * Owns: one mapping with everything in it, cut into shards by the hash of the question.
 */
#include "cache/cache.h"

#include "base/clock.h"
#include "base/random.h"
#include "cache/room.h"
#include "cache/shard.h"
#include "dns/types.h"

#include <sys/mman.h>

#define SIZE_MIN ((size_t)1 << 20)
#define SHARD_SIZE_MIN                                                                             \
    ((size_t)4 << 20) /* below it a shard's small ring has room for too little                     \
                       */
#define STALE_TTL 30  /* RFC 8767 section 4 */

/* Extended errors as an upstream would send them: code, length, INFO-CODE (RFC 8914 section 2). */
static const uint8_t stale_answer[] = { 0, EDNS_EXTENDED_ERROR, 0, 2, 0, EDE_STALE_ANSWER };
static const uint8_t stale_nxdomain[] = {
    0, EDNS_EXTENDED_ERROR, 0, 2, 0, EDE_STALE_NXDOMAIN_ANSWER
};

static uint32_t seconds(uint64_t ns)
{
    return (uint32_t)(ns / NS_PER_S);
}

void cache_configure(struct cache *c, const struct cache_config *config)
{
    atomic_store_explicit(&c->min_ttl, seconds(config->min_ttl), memory_order_relaxed);
    atomic_store_explicit(&c->max_ttl, seconds(config->max_ttl), memory_order_relaxed);
    atomic_store_explicit(&c->negative_max_ttl, seconds(config->negative_max_ttl),
                          memory_order_relaxed);
    atomic_store_explicit(&c->failure_ttl, seconds(config->failure_ttl), memory_order_relaxed);
    atomic_store_explicit(&c->stale, seconds(config->stale), memory_order_relaxed);
}

struct lifetimes cache_lifetimes(const struct cache *c)
{
    return (struct lifetimes){
        .min = atomic_load_explicit(&c->min_ttl, memory_order_relaxed),
        .max = atomic_load_explicit(&c->max_ttl, memory_order_relaxed),
        .negative_max = atomic_load_explicit(&c->negative_max_ttl, memory_order_relaxed),
        .failure = atomic_load_explicit(&c->failure_ttl, memory_order_relaxed),
        .stale = atomic_load_explicit(&c->stale, memory_order_relaxed),
    };
}

static void *map(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    return memory == MAP_FAILED ? NULL : memory;
}

static unsigned shard_count(size_t size)
{
    unsigned count = SHARDS_MAX;

    while (count > 1 && size / count < SHARD_SIZE_MIN)
        count /= 2;
    return count;
}

static err_t init_shards(struct cache *c)
{
    const size_t share = (c->size - sizeof *c) / c->shard_count - CACHE_LINE;
    const struct shard_shape shape = shard_shape(share);
    uint8_t *memory = (uint8_t *)(c + 1);

    for (unsigned i = 0; i < c->shard_count; i++) {
        TRY(shard_init(&c->shards[i], &shape, memory, &c->secret));
        memory += shard_bytes(&shape);
    }
    return OK;
}

err_t cache_new(struct cache **ret_cache, const struct cache_config *config)
{
    const size_t size = config->size > SIZE_MIN ? config->size : SIZE_MIN;
    struct cache *c = map(size);
    struct random random = { 0 };

    if (!c)
        return ERR_NOMEM;
    c->size = size;
    c->shard_count = shard_count(size);
    c->secret = (struct hash_key){ random_u64(&random), random_u64(&random) };
    cache_configure(c, config);
    if (init_shards(c) != OK) {
        munmap(c, size);
        return ERR_NOMEM;
    }
    *ret_cache = c;
    return OK;
}

void cache_free(struct cache **cache)
{
    struct cache *c = *cache;

    *cache = NULL;
    if (!c)
        return;
    for (unsigned i = 0; i < c->shard_count; i++)
        shard_done(&c->shards[i]);
    munmap(c, c->size);
}

/* The low bits: the index takes the high ones of either half. */
static struct shard *shard_of(struct cache *c, uint64_t hash)
{
    return &c->shards[hash & (c->shard_count - 1)];
}

/* The long way, for what the short one cannot do. The entry's header is gone afterwards. */
static err_t respond_with_care(struct writer *w, union entry_room *room, bool is_stale,
                               const struct message_query *client,
                               const struct compose_settings *settings)
{
    struct message m;

    entry_to_message(room, &m);
    if (is_stale)
        m.edns.options = header_rcode(&m.header) == RCODE_NXDOMAIN
                             ? slice_of(stale_nxdomain, sizeof stale_nxdomain)
                             : slice_of(stale_answer, sizeof stale_answer);
    return compose_response(w, &m, client, settings);
}

static err_t respond(struct writer *w, union entry_room *room, const struct cache_hit *hit,
                     const struct message_query *client, const struct compose_settings *settings)
{
    const bool is_stale = hit->ttl_left == 0;

    if (!is_stale && !(room->entry.bits & ENTRY_MISLEADS)) {
        const struct compose_stored stored = entry_stored(&room->entry, client->question.name_len);

        if (compose_stored(w, &stored, client, settings) == OK)
            return OK;
    }
    return respond_with_care(w, room, is_stale, client, settings);
}

static struct cache_hit hit_of(const struct entry *e, uint32_t age, uint32_t now_s)
{
    return (struct cache_hit){
        .ttl_left = age < e->ttl_s ? e->ttl_s - age : 0,
        .ttl_whole = e->ttl_s,
        .rcode = e->flags & DNS_RCODE,
        .is_failure = e->bits & ENTRY_FAILURE,
        .refresh_failed = (int32_t)(e->retry_s - now_s) > 0,
    };
}

enum cache_result cache_get(struct cache *c, const struct cache_key *key, uint32_t now_s,
                            const struct message_query *client,
                            const struct compose_settings *settings, struct writer *w,
                            struct cache_hit *ret_hit)
{
    const uint32_t stale_s = atomic_load_explicit(&c->stale, memory_order_relaxed);
    const uint64_t hash = key_hash(&c->secret, key);
    union entry_room room;
    struct cache_hit hit;
    unsigned visits;
    uint32_t age;

    if (!shard_get(shard_of(c, hash), hash, key, &room, &visits) ||
        !entry_is_usable(&room.entry, now_s, stale_s))
        return CACHE_MISS;
    age = entry_age(&room.entry, now_s);
    hit = hit_of(&room.entry, age, now_s);
    hit.popularity = visits;
    if (hit.ttl_left)
        entry_age_ttls(&room, key->question->name_len, age);
    else
        entry_set_ttls(&room, key->question->name_len, STALE_TTL);
    if (respond(w, &room, &hit, client, settings) != OK)
        return CACHE_MISS;
    *ret_hit = hit;
    return hit.ttl_left ? CACHE_FRESH : CACHE_STALE;
}

enum cache_result cache_peek(struct cache *c, const struct cache_key *key, uint32_t now_s,
                             struct cache_hit *ret_hit)
{
    const uint32_t stale_s = atomic_load_explicit(&c->stale, memory_order_relaxed);
    const uint64_t hash = key_hash(&c->secret, key);
    union entry_room room;

    if (!shard_peek(shard_of(c, hash), hash, key, &room) ||
        !entry_is_usable(&room.entry, now_s, stale_s))
        return CACHE_MISS;
    *ret_hit = hit_of(&room.entry, entry_age(&room.entry, now_s), now_s);
    return ret_hit->ttl_left ? CACHE_FRESH : CACHE_STALE;
}

static uint32_t stored_at(const struct cache_moment *moment, uint32_t ttl)
{
    const bool is_over = (int32_t)(moment->now_s - moment->stored_s) >= (int32_t)ttl;

    return moment->is_expired && !is_over ? moment->now_s - ttl : moment->stored_s;
}

bool cache_put_at(struct cache *c, const struct cache_key *key, const struct message *response,
                  const struct cache_moment *moment)
{
    const struct lifetimes lifetimes = cache_lifetimes(c);
    const struct admission admission = admit(response, &lifetimes);
    const struct shard_time time = { moment->now_s, lifetimes.stale };
    union entry_room room;
    uint64_t hash;

    if (admission.ttl == 0 ||
        !question_equal(key->question, response->question_name, response->qtype, response->qclass))
        return false;
    if (entry_make(&room, key, response, &admission) != OK)
        return false;
    room.entry.stored_s = room.entry.retry_s = stored_at(moment, admission.ttl);
    if (!entry_is_usable(&room.entry, moment->now_s, lifetimes.stale))
        return false;
    hash = key_hash(&c->secret, key);
    shard_put(shard_of(c, hash), hash, key, &room, time,
              moment->is_restored ? PUT_IF_ABSENT : PUT_ALWAYS);
    return true;
}

void cache_put(struct cache *c, const struct cache_key *key, const struct message *response,
               uint32_t now_s)
{
    const struct cache_moment moment = { .now_s = now_s, .stored_s = now_s };

    cache_put_at(c, key, response, &moment);
}

void cache_put_failure(struct cache *c, const struct cache_key *key, uint32_t now_s)
{
    const struct header header = { .flags = DNS_QR | DNS_RA | RCODE_SERVFAIL, .qdcount = 1 };
    uint8_t wire[DNS_QUERY_MAX];
    struct writer w = writer_of(wire, sizeof wire);
    struct message response;

    write_header(&w, &header);
    write_question(&w, key->question);
    if (message_read_response(writer_slice(&w), &response) == OK)
        cache_put(c, key, &response, now_s);
}

size_t cache_flush(struct cache *c, const struct slice *name)
{
    size_t count = 0;

    for (unsigned i = 0; i < c->shard_count; i++)
        count += shard_flush(&c->shards[i], name);
    return count;
}

static void add_stats(struct shard *s, struct cache_stats *sums)
{
    pthread_mutex_lock(&s->lock);
    sums->entries += s->entries;
    sums->bytes += ((size_t)s->small.used + s->main.used) * sizeof(uint64_t);
    sums->insertions += s->insertions;
    sums->evictions += s->evictions;
    sums->expirations += s->expirations;
    pthread_mutex_unlock(&s->lock);
}

void cache_stats(struct cache *c, struct cache_stats *ret_stats)
{
    *ret_stats = (struct cache_stats){ .size = c->size };
    for (unsigned i = 0; i < c->shard_count; i++)
        add_stats(&c->shards[i], ret_stats);
}

static bool can_answer(const struct shard *s, uint32_t now_s, uint32_t stale_s)
{
    union entry_room room;

    for (size_t i = 0; i < shard_index_words(s); i++)
        if (shard_read(s, i, &room) && !(room.entry.bits & ENTRY_FAILURE) &&
            entry_is_usable(&room.entry, now_s, stale_s))
            return true;
    return false;
}

bool cache_can_answer(struct cache *c, uint32_t now_s)
{
    const uint32_t stale_s = atomic_load_explicit(&c->stale, memory_order_relaxed);
    struct cache_stats stats;

    cache_stats(c, &stats);
    for (unsigned i = 0; i < c->shard_count && stats.entries > 0; i++)
        if (can_answer(&c->shards[i], now_s, stale_s))
            return true;
    return false;
}
