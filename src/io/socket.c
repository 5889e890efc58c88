/* io/socket.c - sockets with the options that this house wants. */
#include "io/socket.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <unistd.h>

#define UDP_BUFFER (4 << 20) /* a burst while the worker is busy; the kernel clamps it */

static void set(int fd, int level, int option, int value)
{
    setsockopt(fd, level, option, &value, sizeof value);
}

static int open_socket(const union addr *addr, bool is_stream)
{
    int type = (is_stream ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC;

    return socket(addr->any.sa_family, type, 0);
}

static void set_listener_options(int fd, const union addr *addr, bool is_stream)
{
    bool v6 = addr->any.sa_family == AF_INET6;

    if (v6)
        set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    if (is_stream) {
        set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
        set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
        return;
    }
    set(fd, SOL_SOCKET, SO_RCVBUF, UDP_BUFFER);
    set(fd, SOL_SOCKET, SO_SNDBUF, UDP_BUFFER);
    if (addr_is_wildcard(addr))
        set(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_RECVPKTINFO : IP_PKTINFO, 1);
    /* never in fragments, whatever a forged ICMP message says of the path: RFC 9715 section 3.1 */
    if (v6)
        set(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE);
    else
        set(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
}

static err_t open_listener(const union addr *addr, bool is_stream, bool shared, int *ret_fd)
{
    int fd = open_socket(addr, is_stream);

    if (fd < 0)
        return ERR_SYSTEM;
    set_listener_options(fd, addr, is_stream);
    if (shared)
        set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    if (bind(fd, &addr->any, addr_len(addr)) != 0 ||
        (is_stream && shared && listen(fd, SOCKET_BACKLOG) != 0)) {
        socket_close(&fd);
        return ERR_SYSTEM;
    }
    *ret_fd = fd;
    return OK;
}

err_t socket_listen(const union addr *addr, bool is_stream, int *ret_fds, size_t count)
{
    size_t opened = 0;
    int alone;

    /* SO_REUSEPORT would let us share a port with a stranger of the same user: ask alone first */
    TRY(open_listener(addr, is_stream, false, &alone));
    socket_close(&alone);
    for (; opened < count; opened++)
        if (open_listener(addr, is_stream, true, &ret_fds[opened]) != OK)
            goto fail;
    return OK;
fail:
    while (opened > 0)
        socket_close(&ret_fds[--opened]);
    return ERR_SYSTEM;
}

static err_t connect_socket(const union addr *addr, bool is_stream, int *ret_fd)
{
    int fd = open_socket(addr, is_stream);

    if (fd < 0)
        return ERR_SYSTEM;
    if (is_stream)
        set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    if (connect(fd, &addr->any, addr_len(addr)) != 0 && errno != EINPROGRESS) {
        socket_close(&fd);
        return ERR_SYSTEM;
    }
    *ret_fd = fd;
    return OK;
}

err_t socket_connect_stream(const union addr *addr, int *ret_fd)
{
    return connect_socket(addr, true, ret_fd);
}

err_t socket_connect_dgram(const union addr *addr, int *ret_fd)
{
    return connect_socket(addr, false, ret_fd);
}

err_t socket_send(int fd, struct slice bytes)
{
    ssize_t sent = send(fd, bytes.data, bytes.len, MSG_NOSIGNAL | MSG_DONTWAIT);

    if (sent >= 0)
        return OK;
    return errno == EAGAIN || errno == ENOBUFS || errno == EINTR ? ERR_AGAIN : ERR_SYSTEM;
}

void socket_local(int fd, union addr *ret_local)
{
    union addr local = { 0 };
    socklen_t len = sizeof local;

    if (getsockname(fd, &local.any, &len) != 0)
        local = (union addr){ 0 };
    if (local.any.sa_family == AF_INET6)
        local.v6.sin6_port = 0;
    else
        local.v4.sin_port = 0;
    *ret_local = local;
}

err_t socket_source(const union addr *to, union addr *ret_source)
{
    int fd = open_socket(to, false);
    bool is_reached;

    if (fd < 0)
        return errno == EAFNOSUPPORT ? ERR_UNREACHABLE : ERR_SYSTEM;
    is_reached = connect(fd, &to->any, addr_len(to)) == 0;
    if (is_reached)
        socket_local(fd, ret_source);
    socket_close(&fd);
    return is_reached ? OK : ERR_UNREACHABLE;
}

int socket_error(int fd)
{
    int error = 0;
    socklen_t len = sizeof error;

    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
        return errno;
    return error;
}

void socket_close(int *fd)
{
    int before = errno;

    if (*fd >= 0)
        close(*fd);
    *fd = -1;
    errno = before;
}
