#ifndef BASE_PREFIX_H
#define BASE_PREFIX_H

#include "base/addr.h"
#include "base/err.h"
#include "base/hash.h"

#include <stddef.h>

/* A block of IPv4 or IPv6 addresses (RFC 4632, RFC 4291 section 2.3). */
struct prefix {
    sa_family_t family;
    uint8_t bits;
    uint8_t bytes[16]; /* network byte order; those behind `bits` are zero */
};

struct prefixes {
    struct prefix *items;
    size_t count;
};

/* Reads "192.0.2.0/24", "2001:db8::/32", or an address alone, which is a block of one.
 * ERR_MALFORMED for anything else, also for bits set behind the prefix. */
err_t prefix_parse(const char *text, struct prefix *ret_prefix);

/* The block of `bits` bits that `addr` is in. */
struct prefix prefix_of(const union addr *addr, uint8_t bits);

/* Writes "192.0.2.0/24" into `text` and returns it. */
#define PREFIX_TEXT_MAX 50
const char *prefix_format(const struct prefix *prefix, char text[PREFIX_TEXT_MAX]);

bool prefix_covers(const struct prefix *prefix, const union addr *addr);
bool prefixes_cover(const struct prefixes *prefixes, const union addr *addr);

/* Stands for the first `bits` bits of an address, and for `purpose`, a small number. */
uint64_t prefix_hash(const struct hash_key *key, const union addr *addr, unsigned bits,
                     unsigned purpose);

/* Where nobody is reached from across the internet: RFC 1918, 3927, 4193, 4291, 6598. */
#define PREFIXES_PRIVATE 9
extern const char *const prefixes_private[PREFIXES_PRIVATE];
bool addr_is_private(const union addr *addr);

#endif
