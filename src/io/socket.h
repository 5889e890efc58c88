#ifndef IO_SOCKET_H
#define IO_SOCKET_H

#include "base/addr.h"
#include "base/err.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

/* Sockets as the other files of this room want them: non-blocking, closed on exec. */

#define SOCKET_BACKLOG 4096 /* who may wait to be accepted; clamped to net.core.somaxconn */

/* Opens `count` sockets that share `addr` (SO_REUSEPORT), one for each worker: UDP ones, or TCP
 * ones that listen. ERR_SYSTEM with errno EADDRINUSE when anybody else holds the address, also one
 * who would share it. On failure none stays open. */
err_t socket_listen(const union addr *addr, bool is_stream, int *ret_fds, size_t count);

/* Starts to connect a TCP socket; it is writable when that is decided, and socket_error then tells
 * how. */
err_t socket_connect_stream(const union addr *addr, int *ret_fd);

/* A UDP socket with a port that the kernel picks, which hears `addr` only. */
err_t socket_connect_dgram(const union addr *addr, int *ret_fd);

/* The local address from which the kernel would now reach `to`; its port is 0. Nothing is sent.
 * ERR_UNREACHABLE when there is no way there, ERR_SYSTEM when there is no descriptor left. */
err_t socket_source(const union addr *to, union addr *ret_source);

/* The local address of a connected socket; its port is 0, to be compared with socket_source. No
 * family when it has none. */
void socket_local(int fd, union addr *ret_local);

/* Listens at the file `path`, which only this user may connect to. The file of a process that has
 * died is replaced; ERR_SYSTEM with errno EADDRINUSE when one is alive, EEXIST when it is no
 * socket. Changes the umask for a moment: no other thread may make files meanwhile. */
err_t socket_listen_unix(const char *path, int *ret_fd);

/* Connects to such a file. The socket blocks, but no call on it for longer than `patience_ms`; with
 * 0 it does not block, not even to connect. */
err_t socket_connect_unix(const char *path, unsigned patience_ms, int *ret_fd);

/* Sends one datagram on a connected socket. ERR_AGAIN when there is no room now, ERR_SYSTEM with
 * errno, which may speak of an earlier one. */
err_t socket_send(int fd, struct slice bytes);

/* The pending error of `fd` as an errno value; 0 for none. */
int socket_error(int fd);

void socket_close(int *fd);

#endif
