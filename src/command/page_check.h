#ifndef COMMAND_PAGE_CHECK_H
#define COMMAND_PAGE_CHECK_H

#include "config/url.h"

#define PAGE_REASON_MAX 128

/* Whether a page of http:// is there, with status 200. `reason` says why not. It blocks, for
 * `patience_ms` at most between two steps. */
bool page_check(const struct url *url, int patience_ms, char reason[PAGE_REASON_MAX]);

#endif
