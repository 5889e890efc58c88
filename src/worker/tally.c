/* worker/tally.c - who asks most, and for what.
 *
 * Called by: stages.c (each query), control/top.c (to be read, on the worker's thread). Owns: two
 * windows of half a minute, one that is filled and one that was.
 */
#include "worker/tally.h"

#include "base/clock.h"
#include "base/random.h"
#include "dns/registrable.h"

#define PLACES    256 /* so nobody with more than 0.4 % of all is missed */
#define WINDOW_NS (30 * NS_PER_S)
#define EXACT     256 /* queries of a second that are looked at one by one */
#define SAMPLE    64  /* and then one of so many */

static const struct {
    const char *name, *key;
    size_t key_max;
} kinds[] = {
#define TALLY(name, key, bytes) { #name, key, bytes },
#include "worker/tally.def"
#undef TALLY
};

static err_t init_window(struct tally_window *w)
{
    for (size_t i = 0; i < TALLY_KINDS; i++)
        TRY(top_new(&w->tops[i], PLACES, kinds[i].key_max));
    return OK;
}

err_t tally_init(struct tally *t)
{
    struct random random = { 0 };

    t->key = (struct hash_key){ random_u64(&random), random_u64(&random) };
    t->dice = random_u64(&random);
    TRY(init_window(&t->now));
    return init_window(&t->before);
}

void tally_done(struct tally *t)
{
    for (size_t i = 0; i < TALLY_KINDS; i++) {
        top_free(&t->now.tops[i]);
        top_free(&t->before.tops[i]);
    }
}

static void clear(struct tally_window *w, uint64_t start_ns)
{
    w->start_ns = start_ns;
    w->queries = 0;
    for (size_t i = 0; i < TALLY_KINDS; i++)
        top_clear(w->tops[i]);
}

/* What is older than two windows is forgotten. */
static void turn_windows(struct tally *t, uint64_t now_ns)
{
    struct tally_window oldest = t->before;

    if (t->now.start_ns && now_ns - t->now.start_ns < WINDOW_NS)
        return;
    if (t->now.start_ns && now_ns - t->now.start_ns < 2 * WINDOW_NS) {
        t->before = t->now;
        t->now = oldest;
    } else {
        clear(&t->before, 0);
    }
    clear(&t->now, now_ns);
}

/* xorshift64*: Vigna 2016. Nothing depends on it but who speaks for whom. */
static uint64_t roll(struct tally *t)
{
    t->dice ^= t->dice >> 12;
    t->dice ^= t->dice << 25;
    t->dice ^= t->dice >> 27;
    return t->dice * 0x2545f4914f6cdd1dull;
}

/* How many queries are passed over until the next one is looked at. */
static void plan_next(struct tally *t, uint64_t now_ns)
{
    if (now_ns >= t->second_ends_ns) {
        t->second_ends_ns = now_ns + NS_PER_S;
        t->looked_at = 0;
    }
    t->skip = 0;
    t->weight = 1;
    if (++t->looked_at <= EXACT)
        return;
    t->skip = (unsigned)(roll(t) >> 32) % (2 * SAMPLE - 1); /* SAMPLE - 1 in the mean */
    t->weight = SAMPLE;
}

static void add(struct tally *t, enum tally_kind kind, struct slice key, const struct query *q)
{
    top_add(t->now.tops[kind], hash_bytes(&t->key, key), key, t->weight,
            action_denies(q->verdict.action));
}

size_t tally_client_key(const union addr *client, uint8_t key[DNS_NAME_MAX])
{
    if (client->any.sa_family != AF_INET6) {
        memcpy(key, &client->v4.sin_addr, sizeof client->v4.sin_addr);
        return sizeof client->v4.sin_addr;
    }
    memcpy(key, &client->v6.sin6_addr, sizeof client->v6.sin6_addr);
    return sizeof client->v6.sin6_addr;
}

void tally_client_addr(const struct tally_row *row, union addr *ret_client)
{
    union addr client = { 0 };

    client.any.sa_family = row->key_len == sizeof client.v4.sin_addr ? AF_INET : AF_INET6;
    if (client.any.sa_family == AF_INET)
        memcpy(&client.v4.sin_addr, row->key, sizeof client.v4.sin_addr);
    else
        memcpy(&client.v6.sin6_addr, row->key, sizeof client.v6.sin6_addr);
    *ret_client = client;
}

void tally_look_at(struct tally *t, const struct query *q, uint64_t now_ns)
{
    uint8_t key[DNS_NAME_MAX];
    struct slice name = question_name(&q->asked.question);

    turn_windows(t, now_ns);
    t->weight = t->weight ? t->weight : 1;
    t->now.queries += t->weight;
    add(t, TALLY_clients, slice_of(key, tally_client_key(&q->client, key)), q);
    if (q->asked.has_question) {
        memcpy(key, name.data, name.len);
        name_lower(key, name.len);
        name.data = key;
        add(t, TALLY_names, name, q);
        add(t, TALLY_domains, name_registrable(name), q);
    }
    plan_next(t, now_ns);
}

static void tell(const struct top *top, uint64_t elapsed_ms, tally_fn *each, void *arg)
{
    for (size_t i = 0; i < top_count(top); i++) {
        struct top_item item = top_at(top, i);
        struct tally_row row = { .rate = (item.count - item.over) * 1000000 / elapsed_ms,
                                 .denied_rate = item.marked * 1000000 / elapsed_ms,
                                 .key_len = (uint8_t)item.key.len };

        memcpy(row.key, item.key.data, item.key.len);
        each(arg, &row);
    }
}

uint64_t tally_read(struct tally *t, enum tally_kind kind, uint64_t now_ns, tally_fn *each,
                    void *arg)
{
    uint64_t start_ns, elapsed_ms;

    turn_windows(t, now_ns);
    start_ns = t->before.start_ns ? t->before.start_ns : t->now.start_ns;
    elapsed_ms = (now_ns - start_ns) / NS_PER_MS;
    if (elapsed_ms < 1000)
        elapsed_ms = 1000;
    tell(t->now.tops[kind], elapsed_ms, each, arg);
    tell(t->before.tops[kind], elapsed_ms, each, arg);
    return (t->now.queries + t->before.queries) * 1000000 / elapsed_ms;
}

const char *tally_kind_name(enum tally_kind kind)
{
    return kinds[kind].name;
}

const char *tally_kind_key(enum tally_kind kind)
{
    return kinds[kind].key;
}

bool tally_kind_find(const char *name, enum tally_kind *ret_kind)
{
    for (size_t i = 0; i < TALLY_KINDS; i++)
        if (strcmp(kinds[i].name, name) == 0) {
            *ret_kind = (enum tally_kind)i;
            return true;
        }
    return false;
}
