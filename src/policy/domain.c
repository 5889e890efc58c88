/* policy/domain.c - which domain a question is about.
 *
 * Called by: subdomains.c, waiting.c.
 */
#include "policy/domain.h"

#include "dns/registrable.h"

/* A name of one label has no owner but the root; else each were a domain of its own. */
static size_t domain_len(struct slice name)
{
    size_t first = name.len > 0 ? name.data[0] : 0;

    return first + 2 >= name.len ? 1 : name_registrable(name).len;
}

struct slice domain_of(const struct query *q)
{
    struct slice name = question_name(&q->asked.question);
    uint8_t lowered[DNS_NAME_MAX];

    memcpy(lowered, name.data, name.len);
    name_lower(lowered, name.len);
    return slice_after(name, name.len - domain_len(slice_of(lowered, name.len)));
}

uint64_t domain_hash(const struct hash_key *key, struct slice domain, uint64_t other)
{
    uint8_t bytes[sizeof other + DNS_NAME_MAX];

    memcpy(bytes, &other, sizeof other);
    if (domain.len > 0)
        memcpy(bytes + sizeof other, domain.data, domain.len);
    name_lower(bytes + sizeof other, domain.len);
    return hash_bytes(key, slice_of(bytes, sizeof other + domain.len));
}
