/* tests/replay/socket.c - addresses that only this world knows. */
#include "io/socket.h"

#include "replay/world.h"

#include <errno.h>

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

void socket_close(int *fd)
{
    if (*fd >= 0)
        world_code_closes(world_find(*fd));
    *fd = -1;
}
