/* sandbox/landlock_abi.h - the kernel's interface up to version 6, for headers that are older. */
#ifndef SANDBOX_LANDLOCK_ABI_H
#define SANDBOX_LANDLOCK_ABI_H

#include <linux/landlock.h>
#include <stdint.h>

#ifndef LANDLOCK_ACCESS_FS_TRUNCATE /* version 3, Linux 6.2 */
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif
#ifndef LANDLOCK_ACCESS_NET_BIND_TCP /* version 4, Linux 6.7 */
#define LANDLOCK_ACCESS_NET_BIND_TCP    (1ULL << 0)
#define LANDLOCK_ACCESS_NET_CONNECT_TCP (1ULL << 1)
#endif
#ifndef LANDLOCK_ACCESS_FS_IOCTL_DEV /* version 5, Linux 6.10 */
#define LANDLOCK_ACCESS_FS_IOCTL_DEV (1ULL << 15)
#endif
#ifndef LANDLOCK_SCOPE_SIGNAL /* version 6, Linux 6.12 */
#define LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET (1ULL << 0)
#define LANDLOCK_SCOPE_SIGNAL               (1ULL << 1)
#endif

/* Structs and enumerators cannot be asked for as macros can, so these have names of our own. */
#define RULE_NET_PORT 2 /* LANDLOCK_RULE_NET_PORT */

struct landlock_ruleset { /* struct landlock_ruleset_attr */
    uint64_t handled_access_fs, handled_access_net, scoped;
};

struct landlock_port { /* struct landlock_net_port_attr */
    uint64_t allowed_access, port;
};

#endif
