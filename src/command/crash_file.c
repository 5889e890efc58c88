/* command/crash_file.c - the file that gets the last records when dotproxy dies.
 *
 * Called by: service.c, before rights are given up.
 */
#include "command/crash_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Nothing but a file of records is ever moved or written over. */
static err_t move_away(const char *path, bool *ret_is_kept)
{
    char older[PATH_MAX];
    struct stat there;

    if (lstat(path, &there) != 0)
        return errno == ENOENT ? OK : ERR_SYSTEM;
    if (!S_ISREG(there.st_mode)) {
        errno = EEXIST;
        return ERR_SYSTEM;
    }
    if (there.st_size == 0)
        return OK;
    if ((size_t)snprintf(older, sizeof older, "%s.1", path) >= sizeof older) {
        errno = ENAMETOOLONG;
        return ERR_SYSTEM;
    }
    *ret_is_kept = rename(path, older) == 0;
    return *ret_is_kept ? OK : ERR_SYSTEM;
}

err_t crash_file_open(const char *path, int *ret_fd, bool *ret_is_kept)
{
    *ret_is_kept = false;
    TRY(move_away(path, ret_is_kept));
    *ret_fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
    return *ret_fd < 0 ? ERR_SYSTEM : OK;
}
