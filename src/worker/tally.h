#ifndef WORKER_TALLY_H
#define WORKER_TALLY_H

#include "base/hash.h"
#include "base/top.h"
#include "query/query.h"

enum tally_kind {
#define TALLY(name, key, bytes) TALLY_##name,
#include "worker/tally.def"
#undef TALLY
    TALLY_KINDS
};

/* Who asks most, and for what, in the last half minute to minute: of one worker, who alone may
 * touch it. The first queries of each second are looked at one by one, of the rest one in some
 * speaks for all. Zero it first. */
struct tally {
    struct hash_key key;
    struct tally_window {
        uint64_t start_ns; /* 0: it was never used */
        uint64_t queries;
        struct top *tops[TALLY_KINDS];
    } now, before;
    uint64_t second_ends_ns;
    unsigned looked_at; /* in this second */
    unsigned skip;      /* so many queries are not looked at */
    unsigned weight;    /* and the next one speaks for so many */
    uint64_t dice;
};

err_t tally_init(struct tally *t);
void tally_done(struct tally *t);

/* For tally_note alone. */
void tally_look_at(struct tally *t, const struct query *q, uint64_t now_ns);

/* A client's query has its end. */
static inline void tally_note(struct tally *t, const struct query *q, uint64_t now_ns)
{
    if (t->skip > 0)
        t->skip--;
    else
        tally_look_at(t, q, now_ns);
}

/* One of those who come most often; rates in thousandths of a query a second, and never too high. A
 * client's key is an address as tally_client_key makes it, all others are names in wire form. */
struct tally_row {
    uint64_t rate, denied_rate;
    uint8_t key_len;
    uint8_t key[DNS_NAME_MAX];
};

/* Tells them all, in no order, and some of them twice; returns the rate of all queries. */
typedef void tally_fn(void *arg, const struct tally_row *row);
uint64_t tally_read(struct tally *t, enum tally_kind kind, uint64_t now_ns, tally_fn *each,
                    void *arg);

/* The key of a client, and back; without its port. */
size_t tally_client_key(const union addr *client, uint8_t key[DNS_NAME_MAX]);
void tally_client_addr(const struct tally_row *row, union addr *ret_client);

/* NULL when there is none. */
const char *tally_kind_name(enum tally_kind kind);
const char *tally_kind_key(enum tally_kind kind);
bool tally_kind_find(const char *name, enum tally_kind *ret_kind);

#endif
