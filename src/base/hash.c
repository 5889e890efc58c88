/* base/hash.c - SipHash-2-4: a hash that strangers cannot aim. */
#include "base/hash.h"

#include <endian.h>

static uint64_t load_word(const uint8_t *bytes, size_t len)
{
    uint64_t word = 0;

    if (len > 0) /* nothing may stand nowhere */
        memcpy(&word, bytes, len);
    return le64toh(word);
}

uint64_t hash_bytes(const struct hash_key *key, struct slice bytes)
{
    struct hash h = hash_start(key);
    size_t whole = bytes.len / 8 * 8;

    for (size_t i = 0; i < whole; i += 8)
        hash_word(&h, load_word(bytes.data + i, 8), 2);
    hash_word(&h, load_word(bytes.data + whole, bytes.len - whole) | (uint64_t)bytes.len << 56, 2);
    return hash_end(&h, 4);
}
