#ifndef SANDBOX_GRANTS_H
#define SANDBOX_GRANTS_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum {
    GRANT_READ = 1,
    GRANT_WRITE = 2,  /* make, write, replace and remove files, and read them again */
    GRANT_SOCKET = 4, /* make and remove sockets */
    GRANT_LIST = 8,   /* see which files there are */
};

/* A directory with all below it, or a single file. */
struct grant {
    char *path; /* without links */
    unsigned rights;
    bool is_directory;
    dev_t device; /* with `inode`: this very one, and not what takes its place */
    ino_t inode;
};

/* Starts as zeroes. */
struct grants {
    struct grant *list;
    size_t count, size;
};

/* Lets `rights` be used on the file `path`, and on what takes its place: so its directory is
 * opened, and that of what it links to. A directory that belongs to the whole machine is told by
 * `ret_is_shared`: there, for reading, the file alone is opened. What is not there is no error. */
err_t grants_add(struct grants *grants, const char *path, unsigned rights, bool *ret_is_shared);

/* Whether `right` may be used on `path` as it is now. True also for what is not there: whoever
 * opens it knows better what to say. */
bool grants_cover(const struct grants *grants, const char *path, unsigned right);

void grants_done(struct grants *grants);

#endif
