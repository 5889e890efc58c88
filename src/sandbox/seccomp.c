/* sandbox/seccomp.c - which system calls the kernel takes from us, by libseccomp.
 *
 * Called by: sandbox.c. A call that is not foreseen fails with ENOSYS and dotproxy goes on; the
 * kernel's audit log names it. Those that only an intruder makes end the process.
 */
#include "sandbox/seccomp.h"

#include "sandbox/syscall.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define THIS_PROCESS UINT64_MAX /* stands in the rows for a number that is not known yet */
#define NEW_NAMESPACES                                                                             \
    (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |  \
     CLONE_NEWNET)

#define IS(n, value)                                                                               \
    {                                                                                              \
        (n), SCMP_CMP_EQ, (value), 0                                                               \
    }
#define BITS(n, mask, value)                                                                       \
    {                                                                                              \
        (n), SCMP_CMP_MASKED_EQ, (mask), (value)                                                   \
    }
#define KIND(kind)           BITS(1, (unsigned)~(SOCK_NONBLOCK | SOCK_CLOEXEC), kind)
#define WITHOUT_FAST_OPEN(n) BITS(n, MSG_FASTOPEN, 0) /* connects, and Landlock is not asked */

#define TESTS(...)                                                                                 \
    sizeof((const struct scmp_arg_cmp[]){ __VA_ARGS__ }) / sizeof(struct scmp_arg_cmp)

static const struct syscall_row rows[] = {
#define ALLOW(call, why) { .name = #call },
#define ALLOW_IF(call, why, ...)                                                                   \
    { .name = #call, .tests = TESTS(__VA_ARGS__), .test = { __VA_ARGS__ } },
#define KILL(call, why) { .name = #call, .is_deadly = true },
#include "sandbox/syscalls.def"
#undef ALLOW
#undef ALLOW_IF
#undef KILL
};

#define ROWS (sizeof rows / sizeof *rows)

static int add_row(scmp_filter_ctx filter, const struct syscall_row *row)
{
    int number = seccomp_syscall_resolve_name(row->name);
    struct scmp_arg_cmp test[SYSCALL_TESTS_MAX];
    int status;

    if (number == __NR_SCMP_ERROR || (row->is_deadly && company.spares))
        return 0; /* not known here: it fails like all that is not listed */
    memcpy(test, row->test, sizeof test);
    for (unsigned i = 0; i < row->tests; i++)
        if (test[i].datum_a == THIS_PROCESS)
            test[i].datum_a = (scmp_datum_t)getpid();
    status = seccomp_rule_add_array(filter, row->is_deadly ? SCMP_ACT_KILL_PROCESS : SCMP_ACT_ALLOW,
                                    number, row->tests, test);
    return status == -EDOM ? 0 : status; /* other machines have it */
}

static int add_rows(scmp_filter_ctx filter, const struct syscall_row *list, size_t count)
{
    int status = 0;

    for (size_t i = 0; i < count && status == 0; i++)
        status = add_row(filter, &list[i]);
    return status;
}

/* All threads get it, those of libraries too. Without SSB, kernels before 5.16 would slow the whole
 * process down for fear of code that it interprets, of which there is none. What a kernel lacks of
 * logging does not matter. */
static int set_attributes(scmp_filter_ctx filter)
{
    int status = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);

    if (status == 0)
        status = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    seccomp_attr_set(filter, SCMP_FLTATR_CTL_SSB, 1);
    seccomp_attr_set(filter, SCMP_FLTATR_CTL_LOG, 1);
    seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    return status;
}

err_t seccomp_enter(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    int status = filter ? set_attributes(filter) : -ENOMEM;

    if (status == 0)
        status = add_rows(filter, rows, ROWS);
    if (status == 0)
        status = add_rows(filter, company.rows, company.count);
    if (status == 0)
        status = seccomp_load(filter);
    if (filter)
        seccomp_release(filter);
    errno = -status;
    return status == 0 ? OK : ERR_SYSTEM;
}
