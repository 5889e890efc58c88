#include "io/socket.h"
#include "unit/io/local.h"

#include <errno.h>
#include <fcntl.h>

/* Someone of the same user who would share the port, as another program may. */
static int foreign_socket(int type, union addr *ret_addr)
{
    const union addr a = local_addr("127.0.0.1", 0);
    int fd = socket(AF_INET, type, 0), on = 1;

    CHECK(fd >= 0);
    CHECK_EQUAL(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on), 0);
    CHECK_EQUAL(bind(fd, &a.any, addr_len(&a)), 0);
    if (type == SOCK_STREAM)
        CHECK_EQUAL(listen(fd, 1), 0);
    *ret_addr = local_name(fd);
    return fd;
}

TEST(socket_is_not_shared, "a port that a stranger would share is in use, for UDP and for TCP")
{
    static const int types[] = { SOCK_DGRAM, SOCK_STREAM };

    for (size_t i = 0; i < 2; i++) {
        int fds[2] = { -1, -1 };
        union addr a;
        int foreign = foreign_socket(types[i], &a);

        errno = 0;
        CHECK_EQUAL(socket_listen(&a, types[i] == SOCK_STREAM, fds, 2), ERR_SYSTEM);
        CHECK_EQUAL(errno, EADDRINUSE);
        socket_close(&foreign);
        CHECK_EQUAL(foreign, -1);
        CHECK_EQUAL(socket_listen(&a, types[i] == SOCK_STREAM, fds, 2), OK);
        socket_close(&fds[0]);
        socket_close(&fds[1]);
    }
}

TEST(socket_for_workers, "each worker gets its own socket of one address, as the house wants it")
{
    union addr a;
    int probe = foreign_socket(SOCK_DGRAM, &a), fds[3];

    socket_close(&probe);
    CHECK_EQUAL(socket_listen(&a, false, fds, 3), OK);
    for (size_t i = 0; i < 3; i++) {
        const union addr name = local_name(fds[i]);

        CHECK(addr_equal(&name, &a));
        CHECK(fcntl(fds[i], F_GETFL) & O_NONBLOCK);
        CHECK(fcntl(fds[i], F_GETFD) & FD_CLOEXEC);
        socket_close(&fds[i]);
    }
}

TEST(socket_says_why, "an address that is not ours fails, with the reason")
{
    const union addr a = local_addr("192.0.2.1", 0); /* TEST-NET-1: RFC 5737 */
    int fd = -1;

    CHECK_EQUAL(socket_listen(&a, false, &fd, 1), ERR_SYSTEM);
    CHECK_EQUAL(errno, EADDRNOTAVAIL);
    CHECK_EQUAL(fd, -1);
    socket_close(&fd); /* closing nothing does nothing */
}

TEST(socket_hears_one, "a connected UDP socket hears its peer only")
{
    int peer = local_listener("127.0.0.1", false), other = local_listener("127.0.0.1", false), fd;
    const union addr to = local_name(peer);
    union addr from;
    char room[8];

    CHECK_EQUAL(socket_connect_dgram(&to, &fd), OK);
    from = local_name(fd);
    CHECK_EQUAL(sendto(other, "no", 2, 0, &from.any, addr_len(&from)), 2);
    CHECK_EQUAL(sendto(peer, "yes", 3, 0, &from.any, addr_len(&from)), 3);
    CHECK_EQUAL(recv(fd, room, sizeof room, 0), 3);
    CHECK_EQUAL(recv(fd, room, sizeof room, 0), -1);
    CHECK_EQUAL(errno, EAGAIN);
    CHECK_EQUAL(socket_error(fd), 0);
    socket_close(&fd);
    socket_close(&peer);
    socket_close(&other);
}

TEST(socket_has_source, "the way to an address begins at one of ours, and nothing is sent there")
{
    int peer = local_listener("127.0.0.1", false), fd;
    const union addr to = local_name(peer), expected = local_addr("127.0.0.1", 0);
    union addr source, local;
    char room[8];

    CHECK_EQUAL(socket_source(&to, &source), OK);
    CHECK(addr_equal(&source, &expected));
    CHECK_EQUAL(recv(peer, room, sizeof room, 0), -1);
    CHECK_EQUAL(socket_connect_dgram(&to, &fd), OK);
    socket_local(fd, &local);
    CHECK(addr_equal(&local, &source));
    socket_close(&fd);
    socket_close(&peer);
    socket_local(peer, &local);
    CHECK_EQUAL(local.any.sa_family, AF_UNSPEC);
}

TEST(socket_has_source_v6, "the way to an IPv6 address begins at one of ours")
{
    const union addr to = local_addr("::1", 53), expected = local_addr("::1", 0);
    union addr source;

    if (!local_has_v6())
        skip();
    CHECK_EQUAL(socket_source(&to, &source), OK);
    CHECK(addr_equal(&source, &expected));
}

TEST(socket_has_no_source, "where no way leads is unreachable, and the result is untouched")
{
    const union addr to = local_addr("255.255.255.255", 53); /* which takes a permission */
    union addr source = local_addr("192.0.2.7", 7);
    const union addr before = source;

    CHECK_EQUAL(socket_source(&to, &source), ERR_UNREACHABLE);
    CHECK(addr_equal(&source, &before));
}

TEST(socket_send, "datagrams leave one by one, and the next one tells that nobody heard the last")
{
    int reader = local_listener("127.0.0.1", false), fd;
    const union addr to = local_name(reader);
    char room[8];

    CHECK_EQUAL(socket_connect_dgram(&to, &fd), OK);
    CHECK_EQUAL(socket_send(fd, slice_of("one", 3)), OK);
    CHECK_EQUAL(socket_send(fd, slice_of("two", 3)), OK);
    CHECK_EQUAL(recv(reader, room, sizeof room, 0), 3);
    CHECK_BYTES(room, "one", 3);
    socket_close(&reader);
    CHECK_EQUAL(socket_send(fd, slice_of("three", 5)), OK);
    CHECK_EQUAL(socket_send(fd, slice_of("four", 4)), ERR_SYSTEM);
    CHECK_EQUAL(errno, ECONNREFUSED);
    socket_close(&fd);
}
