/* tests/replay/socket.c - addresses that only this world knows. */
#include "io/socket.h"

#include "replay/world.h"

#include <errno.h>

#define NET_OF_MACHINE 0xc0000200u /* 192.0.2.0 */

static bool is_taken(const union addr *addr, enum socket_kind kind)
{
    list_for_each (node, &world.open) {
        const struct socket *s = LIST_OF(node, struct socket, link);

        if (s->kind == kind && addr_equal(&s->local, addr))
            return true;
    }
    return false;
}

err_t socket_listen(const union addr *addr, bool is_stream, int *ret_fds, size_t count)
{
    enum socket_kind kind = is_stream ? SOCKET_DOOR : SOCKET_DGRAM;

    if (is_taken(addr, kind)) {
        errno = EADDRINUSE;
        return ERR_SYSTEM;
    }
    for (size_t i = 0; i < count; i++) {
        struct socket *s = world_socket(kind);

        s->local = *addr;
        ret_fds[i] = s->fd;
    }
    return OK;
}

err_t socket_source(const union addr *to, union addr *ret_source)
{
    if (world.host == 0)
        return ERR_UNREACHABLE;
    *ret_source = (union addr){ .any.sa_family = to->any.sa_family };
    if (to->any.sa_family == AF_INET6)
        ret_source->v6.sin6_addr.s6_addr[15] = (uint8_t)world.host;
    else
        ret_source->v4.sin_addr.s_addr = htonl(NET_OF_MACHINE + world.host);
    return OK;
}

void socket_close(int *fd)
{
    if (*fd >= 0)
        world_code_closes(world_find(*fd));
    *fd = -1;
}

/* No script talks to a collector. */
err_t socket_connect_dgram(const union addr *addr, int *ret_fd)
{
    (void)addr, (void)ret_fd;
    return ERR_UNSUPPORTED;
}

err_t socket_connect_unix(const char *path, unsigned patience_ms, int *ret_fd)
{
    (void)path, (void)patience_ms, (void)ret_fd;
    return ERR_UNSUPPORTED;
}

err_t socket_send(int fd, struct slice bytes)
{
    (void)fd, (void)bytes;
    return ERR_UNSUPPORTED;
}

int socket_error(int fd)
{
    (void)fd;
    return 0;
}
