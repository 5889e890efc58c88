/* policy/prefix_lengths.c - the networks that a client is in.
 *
 * Called by: rate.c and other rules that limit prefixes, policy_config.c.
 */
#include "policy/prefix_lengths.h"

#include <arpa/inet.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#define MULTIPLE_MAX 1000000

static bool read_whole(const char *text, unsigned long max, unsigned long *ret_number)
{
    char *end;

    *ret_number = strtoul(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && *ret_number > 0 &&
           *ret_number <= max;
}

const char *prefix_lengths_read(const struct strings *bits, const struct strings *multiples,
                                struct prefix_lengths *ret_lengths)
{
    unsigned long before = 129, number, multiple;

    if (bits->count > PREFIX_LENGTHS_MAX)
        return "may name four lengths at most";
    if (bits->count != multiples->count)
        return "needs a multiple for each length, in the same order";
    ret_lengths->count = bits->count;
    for (size_t i = 0; i < bits->count; i++) {
        if (!read_whole(bits->items[i], 128, &number) || number >= before)
            return "takes lengths in bits, the longest first, each once";
        if (!read_whole(multiples->items[i], MULTIPLE_MAX, &multiple))
            return "takes whole numbers from 1 to 1000000 as multiples";
        ret_lengths->items[i].bits = (uint8_t)number;
        ret_lengths->items[i].multiple = (unsigned)multiple;
        before = number;
    }
    return NULL;
}

const char *prefix_lengths_read_both(const struct policy_config *config,
                                     struct prefix_lengths *ret_v4, struct prefix_lengths *ret_v6)
{
    const char *fault = prefix_lengths_read(&config->prefix4, &config->multiple4, ret_v4);

    return fault ? fault : prefix_lengths_read(&config->prefix6, &config->multiple6, ret_v6);
}

static uint64_t first_bits(uint64_t word, unsigned bits)
{
    return bits == 0 ? 0 : word & UINT64_MAX << (64 - (bits < 64 ? bits : 64));
}

/* An IPv4 address has room for all the rest in its word; the lowest bit of the first word tells it
 * from one of IPv6. */
uint64_t prefix_hash(const struct hash_key *key, const union addr *addr, unsigned bits,
                     unsigned purpose)
{
    struct hash h = hash_start(key);
    uint64_t kind = (uint64_t)purpose << 16 | bits << 1, words[2];

    if (addr->any.sa_family != AF_INET6) {
        uint64_t host = (uint64_t)ntohl(addr->v4.sin_addr.s_addr) << 32;

        hash_word(&h, first_bits(host, bits) | kind, 1);
        return hash_end(&h, 3);
    }
    memcpy(words, &addr->v6.sin6_addr, sizeof words);
    hash_word(&h, kind | 1, 1);
    hash_word(&h, first_bits(be64toh(words[0]), bits), 1);
    if (bits > 64)
        hash_word(&h, first_bits(be64toh(words[1]), bits - 64), 1);
    return hash_end(&h, 3);
}
