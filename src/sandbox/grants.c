/* sandbox/grants.c - which directories hold the files that are needed.
 *
 * Called by: sandbox.c. A file that is renewed is mostly replaced: then its name leads to another
 * file, so what counts is the directory. Landlock knows no "files here, but not those below".
 */
#include "sandbox/grants.h"

#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Directories that hold what belongs to others (hier(7)). */
static const char *const shared[] = {
    "/",    "/bin", "/boot", "/dev",  "/dev/shm", "/etc",  "/etc/ssl", "/lib", "/lib64",
    "/mnt", "/opt", "/proc", "/root", "/run",     "/sbin", "/srv",     "/sys", "/tmp",
};

/* The same, and so is each directory in them: the home of somebody, or a place for programs. */
static const char *const nests[] = { "/home", "/media", "/run/user", "/usr", "/usr/local", "/var" };

static bool is_among(const char *const *list, size_t count, const char *path, size_t len)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(list[i]) == len && memcmp(list[i], path, len) == 0)
            return true;
    return false;
}

static bool is_shared(const char *directory)
{
    const size_t count = sizeof nests / sizeof *nests, len = strlen(directory);
    const char *slash = strrchr(directory, '/');

    return is_among(shared, sizeof shared / sizeof *shared, directory, len) ||
           is_among(nests, count, directory, len) ||
           (slash && is_among(nests, count, directory, (size_t)(slash - directory)));
}

/* The directory that holds `path`, without links; NULL when there is none. */
static char *holder_of(const char *path)
{
    char copy[PATH_MAX];
    size_t len = strlen(path);

    if (len >= sizeof copy)
        return NULL;
    memcpy(copy, path, len + 1);
    return realpath(dirname(copy), NULL);
}

static struct grant *find(const struct grants *grants, const char *path)
{
    for (size_t i = 0; i < grants->count; i++)
        if (strcmp(grants->list[i].path, path) == 0)
            return &grants->list[i];
    return NULL;
}

static err_t make_room(struct grants *grants)
{
    size_t size = 2 * grants->size + 8;
    struct grant *list;

    if (grants->count < grants->size)
        return OK;
    list = realloc(grants->list, size * sizeof *list);
    if (!list)
        return ERR_NOMEM;
    grants->list = list;
    grants->size = size;
    return OK;
}

static err_t add_place(struct grants *grants, const char *path, unsigned rights)
{
    struct grant *known = find(grants, path);
    struct stat there;
    char *copy;

    if (known) {
        known->rights |= rights;
        return OK;
    }
    if (stat(path, &there) != 0)
        return OK;
    TRY(make_room(grants));
    copy = strdup(path);
    if (!copy)
        return ERR_NOMEM;
    grants->list[grants->count++] = (struct grant){ .path = copy,
                                                    .rights = rights,
                                                    .is_directory = S_ISDIR(there.st_mode),
                                                    .device = there.st_dev,
                                                    .inode = there.st_ino };
    return OK;
}

/* Opens the directory of `path`, or only `file`, which `path` leads to and may be NULL. */
static err_t add_holder(struct grants *grants, const char *path, const char *file, unsigned rights,
                        bool *is_in_shared)
{
    char *holder = holder_of(path);
    err_t err = OK;

    if (!holder)
        return OK;
    *is_in_shared |= is_shared(holder);
    if (rights & (GRANT_WRITE | GRANT_SOCKET) || !is_shared(holder))
        err = add_place(grants, holder, rights);
    else if (file)
        err = add_place(grants, file, rights);
    free(holder);
    return err;
}

static bool is_directory(const char *path)
{
    struct stat there;

    return stat(path, &there) == 0 && S_ISDIR(there.st_mode);
}

err_t grants_add(struct grants *grants, const char *path, unsigned rights, bool *ret_is_shared)
{
    char *file = realpath(path, NULL);
    err_t err;

    *ret_is_shared = false;
    if (file && is_directory(file)) {
        *ret_is_shared = is_shared(file);
        err = add_place(grants, file, rights);
    } else {
        err = add_holder(grants, path, file, rights, ret_is_shared);
        if (err == OK && file)
            err = add_holder(grants, file, file, rights, ret_is_shared);
    }
    free(file);
    return err;
}

static bool is_still_there(const struct grant *grant)
{
    struct stat there;

    return stat(grant->path, &there) == 0 && there.st_dev == grant->device &&
           there.st_ino == grant->inode;
}

static bool is_at_or_below(const char *path, const char *top)
{
    size_t len = strlen(top);

    if (strcmp(top, "/") == 0)
        return true;
    return strncmp(path, top, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

bool grants_cover(const struct grants *grants, const char *path, unsigned right)
{
    char *file = realpath(path, NULL);
    char *place = file || right == GRANT_READ ? file : holder_of(path);
    bool covers = !place;

    for (size_t i = 0; i < grants->count && !covers; i++) {
        const struct grant *grant = &grants->list[i];

        covers =
            grant->rights & right && is_at_or_below(place, grant->path) && is_still_there(grant);
    }
    free(place);
    return covers;
}

void grants_done(struct grants *grants)
{
    for (size_t i = 0; i < grants->count; i++)
        free(grants->list[i].path);
    free(grants->list);
    *grants = (struct grants){ 0 };
}
