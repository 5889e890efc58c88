/* base/prefix.c - blocks of addresses.
 *
 * Called by: listen (which peers are trusted), policy (clients and their networks).
 */
#include "base/prefix.h"

#include "base/slice.h"

#include <arpa/inet.h>
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>

#define HOST_MAX 64

const char *const prefixes_private[PREFIXES_PRIVATE] = {
    "127.0.0.0/8",   "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16",
    "100.64.0.0/10", "::1/128",    "fc00::/7",      "fe80::/10",
};

static struct slice bytes_of(const union addr *addr)
{
    if (addr->any.sa_family == AF_INET6)
        return slice_of(&addr->v6.sin6_addr, sizeof addr->v6.sin6_addr);
    return slice_of(&addr->v4.sin_addr, sizeof addr->v4.sin_addr);
}

/* The first `bits` bits are the same. */
static bool agree(const uint8_t *a, const uint8_t *b, unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;

    if (memcmp(a, b, whole) != 0)
        return false;
    return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

static err_t read_bits(const char *text, unsigned max, uint8_t *ret_bits)
{
    char *end;
    unsigned long bits;

    if (text[0] < '0' || text[0] > '9')
        return ERR_MALFORMED;
    bits = strtoul(text, &end, 10);
    if (*end || bits > max)
        return ERR_MALFORMED;
    *ret_bits = (uint8_t)bits;
    return OK;
}

static void clear_behind(struct prefix *prefix)
{
    for (unsigned bit = prefix->bits; bit < 8 * sizeof prefix->bytes; bit++)
        prefix->bytes[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
}

err_t prefix_parse(const char *text, struct prefix *ret_prefix)
{
    size_t len = strcspn(text, "/");
    char host[HOST_MAX];
    union addr addr;
    struct prefix prefix = { 0 }, masked;
    struct slice bytes;

    if (len >= sizeof host)
        return ERR_MALFORMED;
    memcpy(host, text, len);
    host[len] = '\0';
    TRY(addr_parse(host, 0, &addr));
    bytes = bytes_of(&addr);
    prefix.family = addr.any.sa_family;
    prefix.bits = (uint8_t)(8 * bytes.len);
    memcpy(prefix.bytes, bytes.data, bytes.len);
    if (text[len] == '/')
        TRY(read_bits(text + len + 1, prefix.bits, &prefix.bits));
    masked = prefix;
    clear_behind(&masked);
    if (memcmp(masked.bytes, prefix.bytes, sizeof prefix.bytes) != 0)
        return ERR_MALFORMED;
    *ret_prefix = prefix;
    return OK;
}

struct prefix prefix_of(const union addr *addr, uint8_t bits)
{
    struct prefix prefix = { .family = addr->any.sa_family, .bits = bits };
    struct slice bytes = bytes_of(addr);

    memcpy(prefix.bytes, bytes.data, bytes.len);
    clear_behind(&prefix);
    return prefix;
}

const char *prefix_format(const struct prefix *prefix, char text[PREFIX_TEXT_MAX])
{
    char host[INET6_ADDRSTRLEN];

    inet_ntop(prefix->family, prefix->bytes, host, sizeof host);
    snprintf(text, PREFIX_TEXT_MAX, "%s/%u", host, prefix->bits);
    return text;
}

bool prefix_covers(const struct prefix *prefix, const union addr *addr)
{
    return prefix->family == addr->any.sa_family &&
           agree(prefix->bytes, bytes_of(addr).data, prefix->bits);
}

bool prefixes_cover(const struct prefixes *prefixes, const union addr *addr)
{
    for (size_t i = 0; i < prefixes->count; i++)
        if (prefix_covers(&prefixes->items[i], addr))
            return true;
    return false;
}

bool addr_is_private(const union addr *addr)
{
    struct prefix prefix;

    for (size_t i = 0; i < PREFIXES_PRIVATE; i++)
        if (prefix_parse(prefixes_private[i], &prefix) == OK && prefix_covers(&prefix, addr))
            return true;
    return false;
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
