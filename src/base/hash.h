#ifndef BASE_HASH_H
#define BASE_HASH_H

#include "base/slice.h"

/* A secret that makes the values of hash_bytes unpredictable to those who choose the input. */
struct hash_key {
    uint64_t k0, k1;
};

/* A SipHash in the making, from words that follow each other: SipHash-c-d has c rounds for a word
 * and d at the end. */
struct hash {
    uint64_t v0, v1, v2, v3;
};

static inline uint64_t hash_rotate(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}

static inline void hash_round(struct hash *h)
{
    h->v0 += h->v1;
    h->v1 = hash_rotate(h->v1, 13) ^ h->v0;
    h->v0 = hash_rotate(h->v0, 32);
    h->v2 += h->v3;
    h->v3 = hash_rotate(h->v3, 16) ^ h->v2;
    h->v0 += h->v3;
    h->v3 = hash_rotate(h->v3, 21) ^ h->v0;
    h->v2 += h->v1;
    h->v1 = hash_rotate(h->v1, 17) ^ h->v2;
    h->v2 = hash_rotate(h->v2, 32);
}

static inline struct hash hash_start(const struct hash_key *key)
{
    return (struct hash){
        key->k0 ^ 0x736f6d6570736575,
        key->k1 ^ 0x646f72616e646f6d,
        key->k0 ^ 0x6c7967656e657261,
        key->k1 ^ 0x7465646279746573,
    };
}

static inline void hash_word(struct hash *h, uint64_t word, unsigned rounds)
{
    h->v3 ^= word;
    for (unsigned i = 0; i < rounds; i++)
        hash_round(h);
    h->v0 ^= word;
}

/* The caller sees to it that no two inputs are the same words. */
static inline uint64_t hash_end(struct hash *h, unsigned rounds)
{
    h->v2 ^= 0xff;
    for (unsigned i = 0; i < rounds; i++)
        hash_round(h);
    return h->v0 ^ h->v1 ^ h->v2 ^ h->v3;
}

/* SipHash-2-4 (Aumasson and Bernstein 2012; the pseudorandom function of RFC 9018). */
uint64_t hash_bytes(const struct hash_key *key, struct slice bytes);

#endif
