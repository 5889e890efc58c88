#ifndef POLICY_DOMAIN_H
#define POLICY_DOMAIN_H

#include "base/hash.h"
#include "dns/name.h"
#include "query/query.h"

/* Which domain the question of a query is about: what one owner has registered, as a part of its
 * name and with the letters as the client has written them. Names of one label are about the root.
 */
struct slice domain_of(const struct query *q);

/* Stands for a domain, in whatever letter case, together with `other`. */
uint64_t domain_hash(const struct hash_key *key, struct slice domain, uint64_t other);

#endif
