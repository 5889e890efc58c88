#ifndef BASE_HASH_H
#define BASE_HASH_H

#include "base/slice.h"

/* A secret that makes the values of hash_bytes unpredictable to those who choose the input. */
struct hash_key {
    uint64_t k0, k1;
};

/* SipHash-2-4 (Aumasson and Bernstein 2012; the pseudorandom function of RFC 9018). */
uint64_t hash_bytes(const struct hash_key *key, struct slice bytes);

#endif
