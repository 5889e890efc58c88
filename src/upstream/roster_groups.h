#ifndef UPSTREAM_ROSTER_GROUPS_H
#define UPSTREAM_ROSTER_GROUPS_H

#include "upstream/roster.h"

/* Puts groups and routes into a roster whose servers are made. On failure what was made stays in
 * it, and `reason` says what is wrong. */
err_t roster_make_groups(struct roster *roster, char reason[ROSTER_REASON_MAX]);

#endif
