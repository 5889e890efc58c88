#ifndef UNIT_IO_LOCAL_H
#define UNIT_IO_LOCAL_H

#include "base/addr.h"
#include "base/clock.h"
#include "io/loop.h"
#include "unit/test.h"

/* Addresses of this machine, and sockets as strangers have them. */
union addr local_addr(const char *host, uint16_t port);
union addr local_name(int fd); /* what `fd` is bound to */
bool local_has_v6(void);
int local_listener(const char *host, bool is_stream); /* socket_listen on a free port */
int stranger(int type, const union addr *to); /* connected to `to`; blocks, for 30 s at most */

/* Turns the loop until loop_stop; a test that hangs fails after 30 s. */
struct loop *local_loop(void);
void local_run(struct loop *l);

#endif
