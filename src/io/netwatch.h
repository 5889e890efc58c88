#ifndef IO_NETWATCH_H
#define IO_NETWATCH_H

#include "base/err.h"
#include "base/slice.h"

#include <stdbool.h>

struct loop;

/* Hears from the kernel that links, addresses or routes of this machine have changed. */
struct netwatch;

/* Something has changed, which may be nothing that matters: look what has become of the routes that
 * are in use (socket_source). Must not close the watch. */
typedef void netwatch_fn(void *arg);

/* Calls `changed` 100 ms after the first change, once for all that follow within this time.
 * ERR_SYSTEM when the kernel does not tell us, as in a sandbox: the caller goes on without. */
err_t netwatch_open(struct netwatch **ret_watch, struct loop *l, netwatch_fn *changed, void *arg);
void netwatch_close(struct netwatch **w);

/* Whether this datagram of rtnetlink tells of a change. Its numbers are in the host's byte order
 * (RFC 3549 section 2.3.2). */
bool netwatch_tells_change(struct slice datagram);

#endif
