#ifndef LISTEN_ADMISSION_H
#define LISTEN_ADMISSION_H

#include "base/addr.h"
#include "base/err.h"
#include "listen/limit_config.h"
#include "listen/overload.h"

#include <stdbool.h>
#include <stddef.h>

/* What all connections of all workers may take together: how many there are, how many of one
 * client and of one network, and the memory they hold; and how many handshakes are paid in an
 * overload. Fixed size, no locks; shared by all threads. */
struct admission;

err_t admission_new(struct admission **ret_admission);
void admission_free(struct admission **a);

/* Counts one more connection of `client`; false when there are too many: in all, of this one (a
 * /64 of IPv6 is one) or of its network (a /24, a /48). Where `is_many` it speaks for many clients,
 * and only all together count. */
bool admission_enter(struct admission *a, const union addr *client,
                     const struct limit_config *limits, bool is_many);
void admission_leave(struct admission *a, const union addr *client,
                     const struct limit_config *limits);

/* Changes the number of bytes held from `before` to `after`; false, and nothing changed, when all
 * together would then hold more than `max`. Less is always granted. */
bool admission_hold(struct admission *a, size_t before, size_t after, size_t max);

/* Whether one more client may have a TLS session made for it from nothing; only in an overload
 * there is a limit. */
bool admission_shakes_hands(struct admission *a, const struct limit_config *limits,
                            uint64_t now_ns);

struct overload *admission_overload(struct admission *a);
size_t admission_connections(const struct admission *a);
size_t admission_bytes(const struct admission *a);

#endif
