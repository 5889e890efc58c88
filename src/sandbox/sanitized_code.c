/* sandbox/sanitized_code.c - what the sanitizers' runtimes need: they look at the whole process.
 *
 * Only in builds for tests. A report names lines of the source, which it reads from the binaries;
 * the search for leaks at the end stops all threads, as a debugger would.
 */
#include "sandbox/syscall.h"

#define ALLOW(call)                                                                                \
    {                                                                                              \
        .name = #call                                                                              \
    }

static const struct syscall_row rows[] = {
    ALLOW(clone),            /* the one who stops the threads shares memory, but is no thread */
    ALLOW(fork),             /* is a pointer readable? */
    ALLOW(ptrace),           /* stops the threads */
    ALLOW(wait4),            /* until they have stopped */
    ALLOW(prctl),            /* may it stop them? */
    ALLOW(getdents64),       /* which threads are there? */
    ALLOW(getdents),         /* the same */
    ALLOW(process_vm_readv), /* is a pointer readable? */
    ALLOW(mincore),          /* the same */
    ALLOW(dup),              /* where reports go */
    ALLOW(pipe),             /* the same */
};

static const char *const files[] = { "/proc", "/usr", "/lib", "/lib64", NULL };

const struct company company = {
    .rows = rows,
    .count = sizeof rows / sizeof *rows,
    .files = files,
    .spares = true,
};
