#ifndef LISTEN_ADMISSION_H
#define LISTEN_ADMISSION_H

#include "base/addr.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/* What all connections of all workers may take together: how many there are, how many of one
 * client, and the memory they hold. Fixed size, no locks; shared by all threads. */
struct admission;

err_t admission_new(struct admission **ret_admission);
void admission_free(struct admission **a);

/* Counts one more connection of `client`; false when there are `max` already, or `max_per_client`
 * of this one. Clients are told apart by a keyed hash in fixed tables: two that collide in both of
 * them share their number. */
bool admission_enter(struct admission *a, const union addr *client, size_t max,
                     size_t max_per_client);
void admission_leave(struct admission *a, const union addr *client);

/* Changes the number of bytes held from `before` to `after`; false, and nothing changed, when all
 * together would then hold more than `max`. Less is always granted. */
bool admission_hold(struct admission *a, size_t before, size_t after, size_t max);

#endif
