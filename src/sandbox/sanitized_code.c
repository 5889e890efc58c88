/* sandbox/sanitized_code.c - what the sanitizers' runtimes need: they look at the whole process.
 *
 * Only in builds for tests. A report names lines of the source, which it reads from the binaries;
 * the search for leaks at the end stops all threads, as a debugger would.
 */
#include "sandbox/syscall.h"

#include <sched.h>

#define NO_THREAD (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_UNTRACED)

#define ALLOW(call)                                                                                \
    {                                                                                              \
        .name = #call                                                                              \
    }
#define ALLOW_IF(call, ...)                                                                        \
    {                                                                                              \
        .name = #call, .tests = 1, .test = { __VA_ARGS__ }                                         \
    }

static const struct syscall_row rows[] = {
    /* who stops the threads to look for leaks is none of them, but shares their memory */
    ALLOW_IF(clone, { 0, SCMP_CMP_MASKED_EQ, NO_THREAD, NO_THREAD }),
    ALLOW(ptrace),     /* stops them */
    ALLOW(wait4),      /* until they have stopped */
    ALLOW(prctl),      /* may they be stopped? */
    ALLOW(getdents),   /* which threads are there? */
    ALLOW(getdents64), /* the same */
};

static const char *const files[] = { "/proc", "/proc/self/exe", "/usr", "/lib", "/lib64", NULL };

const struct company company = {
    .rows = rows,
    .count = sizeof rows / sizeof *rows,
    .files = files,
    .spares = true,
};
