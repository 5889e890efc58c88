#ifndef QUERYLOG_CRASH_H
#define QUERYLOG_CRASH_H

#include "base/err.h"

struct querylog;

/* When the process dies of a signal that says that something is wrong with itself (SIGSEGV,
 * SIGBUS, SIGILL, SIGFPE, SIGABRT), the last records of `log`, which has a recorder, are written to
 * `fd` before. It takes the descriptor. Only one log of a process. */
err_t crash_arm(int fd, struct querylog *log);

/* Before the log is freed. Closes the descriptor. */
void crash_disarm(void);

#endif
