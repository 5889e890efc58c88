#ifndef POLICY_TELL_H
#define POLICY_TELL_H

#include "base/addr.h"

#include <stddef.h>

struct policy_state;

/* Both are for one thread. */

/* Tells the log whom rules are against, and whom no longer; every few seconds. */
void policy_state_tell(struct policy_state *s, uint64_t now_ns);

/* By what a client is limited now: "rate 192.0.2.0/24 (shadow), ..."; "" by nothing. Returns
 * `text`. */
const char *policy_state_limits(const struct policy_state *s, const union addr *client, char *text,
                                size_t size);

#endif
