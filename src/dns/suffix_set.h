#ifndef DNS_SUFFIX_SET_H
#define DNS_SUFFIX_SET_H

#include "base/err.h"
#include "base/slice.h"

/* A name in wire form and what it stands for. It speaks of itself and of all names below it. */
struct suffix {
    struct slice name;
    uint32_t value;
};

/* Suffixes that names are looked up in. Never changes; any thread may read it. */
struct suffix_set;

/* Copies the names. Of equal ones (letter case does not matter: RFC 4343) the first counts.
 * ERR_MALFORMED when one is no name, ERR_NOMEM. */
err_t suffix_set_new(struct suffix_set **ret_set, const struct suffix *suffixes, size_t count);
void suffix_set_free(struct suffix_set **set);

/* The value of the longest suffix that `name` (wire form) is or is below. What it costs depends on
 * the length of the name, not on how many suffixes there are. */
bool suffix_set_find(const struct suffix_set *set, struct slice name, uint32_t *ret_value);

/* How many labels that suffix has; 0 for none, as for the root. */
unsigned suffix_set_depth(const struct suffix_set *set, struct slice name);

/* Calls `each` for all suffixes, in no order; their letters are small. */
typedef void suffix_fn(void *arg, const struct suffix *suffix);
void suffix_set_walk(const struct suffix_set *set, suffix_fn *each, void *arg);

#endif
