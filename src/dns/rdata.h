#ifndef DNS_RDATA_H
#define DNS_RDATA_H

#include "dns/name.h"

#define RDATA_NAMES_MAX 2 /* no layout has more names that may be compressed */

/* A cursor on `rdata`, a part of `message`: it sees what stands before, nothing behind. */
struct reader rdata_reader(struct slice message, struct slice rdata);

/* Whether the bytes from the cursor to its end are just what `layout` (see types.def) says. */
bool rdata_fits(struct reader r, const char *layout);

/* Where in the message the names that may be compressed begin; returns how many there are. */
size_t rdata_names(struct reader r, const char *layout, size_t ret_at[RDATA_NAMES_MAX]);

#endif
