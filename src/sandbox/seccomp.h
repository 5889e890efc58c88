#ifndef SANDBOX_SECCOMP_H
#define SANDBOX_SECCOMP_H

#include "base/err.h"

/* From here on this process makes only the system calls of syscalls.def, in all its threads, for
 * good. ERR_SYSTEM: nothing has changed. */
err_t seccomp_enter(void);

#endif
