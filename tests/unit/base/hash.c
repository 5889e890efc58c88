#include "base/hash.h"
#include "unit/test.h"

/* The vectors of the paper's appendix: key 00..0f, input 00..(length-1). */
static uint64_t hash_of_length(size_t len)
{
    const struct hash_key key = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };
    uint8_t bytes[64];

    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)i;
    return hash_bytes(&key, slice_of(bytes, len));
}

TEST(hash_is_siphash, "the hash is SipHash-2-4 as published")
{
    CHECK(hash_of_length(0) == 0x726fdb47dd0e0e31);
    CHECK(hash_of_length(8) == 0x93f5f5799a932462);
    CHECK(hash_of_length(15) == 0xa129ca6149be45e5);
}

TEST(hash_of_nothing, "nothing has a hash, wherever it stands")
{
    const struct hash_key key = { 1, 2 };

    CHECK(hash_bytes(&key, (struct slice){ 0 }) == hash_bytes(&key, slice_of("x", 0)));
}
