/* io/socket_unix.c - sockets that are files, for talks between processes of one machine.
 *
 * Called by: control, querylog. Who may connect is decided by the file's mode, so the file never
 * exists with another one than 0600.
 */
#include "io/socket.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG    128
#define PROBE_MS   1000
#define MODE_ALLOW 0600

static err_t name_socket(const char *path, struct sockaddr_un *ret_name)
{
    size_t len = strlen(path);

    if (len >= sizeof ret_name->sun_path) {
        errno = ENAMETOOLONG;
        return ERR_SYSTEM;
    }
    *ret_name = (struct sockaddr_un){ .sun_family = AF_UNIX };
    memcpy(ret_name->sun_path, path, len + 1);
    return OK;
}

err_t socket_connect_unix(const char *path, unsigned patience_ms, int *ret_fd)
{
    const struct timeval patience = { patience_ms / 1000, patience_ms % 1000 * 1000 };
    struct sockaddr_un name;
    int fd;

    TRY(name_socket(path, &name));
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | (patience_ms ? 0 : SOCK_NONBLOCK), 0);
    if (fd < 0)
        return ERR_SYSTEM;
    if (patience_ms > 0) {
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    }
    if (connect(fd, (const struct sockaddr *)&name, sizeof name) != 0) {
        socket_close(&fd);
        return ERR_SYSTEM;
    }
    *ret_fd = fd;
    return OK;
}

/* Removes the socket of an instance that has died. What is alive, or no socket, stays. */
static err_t make_way(const char *path)
{
    struct stat there;
    int fd;

    if (lstat(path, &there) != 0)
        return errno == ENOENT ? OK : ERR_SYSTEM;
    if (!S_ISSOCK(there.st_mode)) {
        errno = EEXIST;
        return ERR_SYSTEM;
    }
    if (socket_connect_unix(path, PROBE_MS, &fd) == OK) {
        socket_close(&fd);
        errno = EADDRINUSE;
        return ERR_SYSTEM;
    }
    if (errno == ECONNREFUSED)
        return unlink(path) == 0 || errno == ENOENT ? OK : ERR_SYSTEM;
    if (errno == EAGAIN) /* so alive that others wait for it */
        errno = EADDRINUSE;
    return ERR_SYSTEM;
}

static err_t bind_with_mode(int fd, const struct sockaddr_un *name)
{
    mode_t before = umask((mode_t)~MODE_ALLOW & 0777);
    int status = bind(fd, (const struct sockaddr *)name, sizeof *name);

    umask(before);
    return status == 0 ? OK : ERR_SYSTEM;
}

err_t socket_listen_unix(const char *path, int *ret_fd)
{
    struct sockaddr_un name;
    int fd;

    TRY(name_socket(path, &name));
    TRY(make_way(path));
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return ERR_SYSTEM;
    if (bind_with_mode(fd, &name) != OK || listen(fd, BACKLOG) != 0) {
        socket_close(&fd);
        return ERR_SYSTEM;
    }
    *ret_fd = fd;
    return OK;
}
