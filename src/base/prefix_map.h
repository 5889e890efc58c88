#ifndef BASE_PREFIX_MAP_H
#define BASE_PREFIX_MAP_H

#include "base/prefix.h"

/* What blocks of addresses stand for: of those that cover an address the longest counts. Never
 * changes; any thread may read it. What looking one up costs grows with the logarithm of their
 * number. */
struct prefix_map;

struct prefix_value {
    struct prefix prefix;
    uint32_t value; /* not UINT32_MAX */
};

/* Of equal prefixes the last counts. ERR_NOMEM. */
err_t prefix_map_new(struct prefix_map **ret_map, const struct prefix_value *items, size_t count);
void prefix_map_free(struct prefix_map **m);

/* False when no block covers `addr`. */
bool prefix_map_find(const struct prefix_map *m, const union addr *addr, uint32_t *ret_value);

#endif
