/* sandbox/landlock.c - files and TCP ports, by Linux' Landlock.
 *
 * Called by: sandbox.c. Debian has no library for it, and it is three calls.
 */
#include "sandbox/landlock.h"

#include "sandbox/landlock_abi.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ALL_OF_VERSION_1 (LANDLOCK_ACCESS_FS_MAKE_SYM * 2 - 1) /* each bit up to that one */

/* What each version can forbid in addition; only what is granted remains possible. */
static const struct abi {
    int version;
    struct landlock_ruleset adds;
} abis[] = {
    { 1, { .handled_access_fs = ALL_OF_VERSION_1 } },
    { 2, { .handled_access_fs = LANDLOCK_ACCESS_FS_REFER } },
    { 3, { .handled_access_fs = LANDLOCK_ACCESS_FS_TRUNCATE } },
    { LANDLOCK_NET,
      { .handled_access_net = LANDLOCK_ACCESS_NET_BIND_TCP | LANDLOCK_ACCESS_NET_CONNECT_TCP } },
    { 5, { .handled_access_fs = LANDLOCK_ACCESS_FS_IOCTL_DEV } },
    { 6, { .scoped = LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | LANDLOCK_SCOPE_SIGNAL } },
};

/* The kernel accepts for a single file only what makes sense for one. */
static const struct {
    unsigned right;
    uint64_t file, directory;
} accesses[] = {
    { GRANT_READ, LANDLOCK_ACCESS_FS_READ_FILE, 0 },
    { GRANT_WRITE,
      LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE,
      LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE },
    { GRANT_SOCKET, 0, LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_REMOVE_FILE },
    { GRANT_LIST, 0, LANDLOCK_ACCESS_FS_READ_DIR },
};

static uint64_t access_of(const struct grant *grant)
{
    uint64_t access = 0;

    for (size_t i = 0; i < sizeof accesses / sizeof *accesses; i++)
        if (grant->rights & accesses[i].right)
            access |= accesses[i].file | (grant->is_directory ? accesses[i].directory : 0);
    return access;
}

int landlock_version(void)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

    return version > 0 ? (int)version : 0;
}

/* A file that went away since it was found needs no rule. */
static err_t add_grant(int ruleset, const struct grant *grant, uint64_t handled)
{
    struct landlock_path_beneath_attr rule = { .allowed_access = access_of(grant) & handled };
    long status = 0;
    int error;

    rule.parent_fd = open(grant->path, O_PATH | O_CLOEXEC);
    if (rule.parent_fd < 0)
        return OK;
    if (rule.allowed_access)
        status = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    error = errno;
    close(rule.parent_fd);
    errno = error;
    return status == 0 ? OK : ERR_SYSTEM;
}

static err_t add_ports(int ruleset, const struct ports *ports, uint64_t access)
{
    for (int port = ports_next(ports, 0); port >= 0; port = ports_next(ports, (unsigned)port + 1)) {
        struct landlock_port rule = { .allowed_access = access, .port = (uint64_t)port };

        if (syscall(SYS_landlock_add_rule, ruleset, RULE_NET_PORT, &rule, 0) != 0)
            return ERR_SYSTEM;
    }
    return OK;
}

static err_t add_rules(int ruleset, const struct landlock_rules *rules,
                       const struct landlock_ruleset *handled)
{
    for (size_t i = 0; i < rules->grants->count; i++)
        TRY(add_grant(ruleset, &rules->grants->list[i], handled->handled_access_fs));
    if (!handled->handled_access_net)
        return OK;
    TRY(add_ports(ruleset, rules->listen, LANDLOCK_ACCESS_NET_BIND_TCP));
    return add_ports(ruleset, rules->connect, LANDLOCK_ACCESS_NET_CONNECT_TCP);
}

err_t landlock_enter(const struct landlock_rules *rules, int version)
{
    struct landlock_ruleset handled = { 0 };
    err_t err;
    int ruleset;

    for (size_t i = 0; i < sizeof abis / sizeof *abis && abis[i].version <= version; i++) {
        handled.handled_access_fs |= abis[i].adds.handled_access_fs;
        handled.handled_access_net |= abis[i].adds.handled_access_net;
        handled.scoped |= abis[i].adds.scoped;
    }
    /* older kernels take a longer struct, too, as long as what they do not know is 0 */
    ruleset = (int)syscall(SYS_landlock_create_ruleset, &handled, sizeof handled, 0);
    if (ruleset < 0)
        return ERR_SYSTEM;
    err = add_rules(ruleset, rules, &handled);
    if (err == OK && syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
        err = ERR_SYSTEM;
    close(ruleset);
    return err;
}
