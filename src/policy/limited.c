/* policy/limited.c - whom rules are against at the moment.
 *
 * Called by: policy.c (each query that a rule is against), tell.c (what is new, from main),
 * the control room (whether a client is limited).
 * A place is claimed by its key. Who has claimed it describes it and says so; the one who tells is
 * the only one to take it back. A query that comes between may be counted to the next owner.
 */
#include "policy/limited.h"

#include "base/clock.h"
#include "dns/name.h"

#include <stdatomic.h>
#include <stdlib.h>

#define GROUPS  128
#define GROUP   8  /* places that a key may have: their keys are a line of the processor's cache */
#define PURPOSE 16 /* of our hashes: rules that limit prefixes have the small numbers */

#define OVER_S       10              /* without a query against which there is something */
#define NEWS_FIRST   20              /* prefixes that are told one by one, at once */
#define NEWS_EACH_NS (3 * NS_PER_S)  /* and then one in so long */
#define MORE_EACH_NS (60 * NS_PER_S) /* the rest are told together */

struct place {
    /* written by who notes queries */
    _Atomic uint64_t denied;
    _Atomic uint32_t last_s;
    _Atomic bool is_described; /* what follows is there to be read */
    uint32_t began_s;
    struct limited_item item;
    /* of who tells */
    bool is_known, is_told;
    uint64_t counted; /* of `denied`, among `more` */
};

struct limited {
    struct hash_key key;
    _Atomic uint64_t *keys; /* 0: the place is free */
    struct place *places;
    _Atomic uint64_t unplaced; /* queries */
    /* of who tells */
    uint64_t news_at_ns, more_at_ns;
    struct {
        uint64_t prefixes, denied;
    } more;
};

err_t limited_new(struct limited **ret_limited, const struct hash_key *key)
{
    struct limited *l = calloc(1, sizeof *l);

    if (!l)
        return ERR_NOMEM;
    l->key = *key;
    l->places = calloc(GROUPS * GROUP, sizeof *l->places);
    l->keys = aligned_alloc(64, GROUPS * GROUP * sizeof *l->keys);
    if (!l->places || !l->keys) {
        limited_free(&l);
        return ERR_NOMEM;
    }
    for (size_t i = 0; i < GROUPS * GROUP; i++)
        atomic_init(&l->keys[i], 0);
    *ret_limited = l;
    return OK;
}

void limited_free(struct limited **limited)
{
    struct limited *l = *limited;

    if (!l)
        return;
    free(l->places);
    free(l->keys);
    free(l);
    *limited = NULL;
}

static void describe(struct place *p, const struct limited_item *item, uint64_t now_s)
{
    p->item = *item;
    p->began_s = (uint32_t)now_s;
    atomic_store_explicit(&p->is_described, true, memory_order_release);
}

/* The place of `key`, which is claimed for it if need be; NULL when there is no room. */
static struct place *find(struct limited *l, uint64_t key, bool *ret_is_new)
{
    size_t first = key % GROUPS * GROUP;

    *ret_is_new = false;
    for (size_t i = first; i < first + GROUP; i++)
        if (atomic_load_explicit(&l->keys[i], memory_order_relaxed) == key)
            return &l->places[i];
    for (size_t i = first; i < first + GROUP; i++) {
        uint64_t there = atomic_load_explicit(&l->keys[i], memory_order_relaxed);

        *ret_is_new =
            there == 0 && atomic_compare_exchange_strong_explicit(
                              &l->keys[i], &there, key, memory_order_acquire, memory_order_relaxed);
        if (*ret_is_new || there == key)
            return &l->places[i];
    }
    return NULL;
}

static struct limited_item item_of(enum rule_id rule, bool is_shadow, const union addr *client,
                                   uint8_t bits, struct slice about)
{
    struct limited_item item = { .rule = rule, .is_shadow = is_shadow };

    item.prefix = prefix_of(client, bits);
    if (about.len == 0 || about.len > sizeof item.about)
        return item;
    item.about_len = (uint8_t)about.len;
    memcpy(item.about, about.data, about.len);
    name_lower(item.about, about.len);
    return item;
}

static uint64_t key_of(const struct limited *l, enum rule_id rule, bool is_shadow,
                       const union addr *client, uint8_t bits, struct slice about)
{
    unsigned purpose = PURPOSE + 2u * rule + is_shadow;
    uint64_t hash = prefix_hash(&l->key, client, bits, purpose);
    uint8_t name[DNS_NAME_MAX];

    if (about.len > 0 && about.len <= sizeof name) {
        memcpy(name, about.data, about.len);
        name_lower(name, about.len);
        hash ^= hash_bytes(&l->key, slice_of(name, about.len));
    }
    return hash ? hash : 1;
}

void limited_note(struct limited *l, enum rule_id rule, bool is_shadow, const union addr *client,
                  uint8_t bits, struct slice about, uint64_t now_ns)
{
    uint32_t now_s = (uint32_t)(now_ns / NS_PER_S);
    bool is_new;
    struct place *p = find(l, key_of(l, rule, is_shadow, client, bits, about), &is_new);

    if (!p) {
        atomic_fetch_add_explicit(&l->unplaced, 1, memory_order_relaxed);
        return;
    }
    if (is_new) {
        struct limited_item item = item_of(rule, is_shadow, client, bits, about);

        atomic_store_explicit(&p->last_s, now_s, memory_order_relaxed);
        describe(p, &item, now_s);
    }
    atomic_fetch_add_explicit(&p->denied, 1, memory_order_relaxed);
    if (atomic_load_explicit(&p->last_s, memory_order_relaxed) != now_s)
        atomic_store_explicit(&p->last_s, now_s, memory_order_relaxed);
}

static bool is_in_use(const struct limited *l, size_t i)
{
    return atomic_load_explicit(&l->keys[i], memory_order_relaxed) != 0 &&
           atomic_load_explicit(&l->places[i].is_described, memory_order_acquire);
}

static void take_back(struct limited *l, size_t i)
{
    struct place *p = &l->places[i];

    atomic_store_explicit(&p->is_described, false, memory_order_relaxed);
    atomic_store_explicit(&p->denied, 0, memory_order_relaxed);
    p->is_known = p->is_told = false;
    p->counted = 0;
    atomic_store_explicit(&l->keys[i], 0, memory_order_release);
}

/* Whether one more prefix may be told by itself. */
static bool may_tell(struct limited *l, uint64_t now_ns)
{
    uint64_t at_ns = l->news_at_ns > now_ns ? l->news_at_ns : now_ns;

    if (at_ns - now_ns > (NEWS_FIRST - 1) * NEWS_EACH_NS)
        return false;
    l->news_at_ns = at_ns + NEWS_EACH_NS;
    return true;
}

static struct limited_news news_of(enum limited_kind kind, const struct place *p, uint64_t denied)
{
    uint32_t last_s = atomic_load_explicit(&p->last_s, memory_order_relaxed);

    return (struct limited_news){
        .kind = kind, .item = &p->item, .denied = denied, .seconds = last_s - p->began_s
    };
}

static void begin(struct limited *l, struct place *p, uint64_t now_ns, limited_news_fn *tell,
                  void *arg)
{
    uint64_t denied = atomic_load_explicit(&p->denied, memory_order_relaxed);
    struct limited_news news = news_of(LIMITED_BEGINS, p, denied);

    p->is_known = true;
    p->is_told = may_tell(l, now_ns);
    if (p->is_told)
        tell(arg, &news);
    else
        l->more.prefixes++;
}

static void look_at(struct limited *l, size_t i, uint64_t now_ns, limited_news_fn *tell, void *arg)
{
    struct place *p = &l->places[i];
    int32_t now_s = (int32_t)(now_ns / NS_PER_S);
    uint64_t denied;
    bool is_over;

    if (!p->is_known)
        begin(l, p, now_ns, tell, arg);
    is_over = now_s - (int32_t)atomic_load_explicit(&p->last_s, memory_order_relaxed) >= OVER_S;
    denied = atomic_load_explicit(&p->denied, memory_order_relaxed);
    if (!p->is_told) {
        l->more.denied += denied - p->counted;
        p->counted = denied;
    } else if (is_over) {
        struct limited_news news = news_of(LIMITED_ENDS, p, denied);

        tell(arg, &news);
    }
    if (is_over)
        take_back(l, i);
}

void limited_tell(struct limited *l, uint64_t now_ns, limited_news_fn *tell, void *arg)
{
    struct limited_news more = { .kind = LIMITED_MORE };

    for (size_t i = 0; i < GROUPS * GROUP; i++)
        if (is_in_use(l, i))
            look_at(l, i, now_ns, tell, arg);
    if (now_ns < l->more_at_ns)
        return;
    more.unplaced = atomic_exchange_explicit(&l->unplaced, 0, memory_order_relaxed);
    more.prefixes = l->more.prefixes;
    more.denied = l->more.denied;
    if (more.prefixes + more.denied + more.unplaced == 0)
        return;
    l->more.prefixes = l->more.denied = 0;
    l->more_at_ns = now_ns + MORE_EACH_NS;
    tell(arg, &more);
}

const struct limited_item *limited_next(const struct limited *l, const union addr *client,
                                        size_t *at)
{
    while (*at < GROUPS * GROUP) {
        size_t i = (*at)++;

        if (is_in_use(l, i) && prefix_covers(&l->places[i].item.prefix, client))
            return &l->places[i].item;
    }
    return NULL;
}
