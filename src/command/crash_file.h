#ifndef COMMAND_CRASH_FILE_H
#define COMMAND_CRASH_FILE_H

#include "base/err.h"

#include <stdbool.h>

/* Opens the file for the last records of a process that dies, empty and for this user alone. One
 * that holds something is kept: it is moved to PATH.1, and `ret_is_kept` says so. ERR_SYSTEM with
 * errno. */
err_t crash_file_open(const char *path, int *ret_fd, bool *ret_is_kept);

#endif
