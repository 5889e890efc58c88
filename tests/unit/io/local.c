/* tests/unit/io/local.c - sockets on the loopback interface, for the tests of this room. */
#include "unit/io/local.h"

#include "io/socket.h"

#include <sys/time.h>
#include <unistd.h>

static bool hangs;

union addr local_addr(const char *host, uint16_t port)
{
    union addr a;

    CHECK_EQUAL(addr_parse(host, port, &a), OK);
    return a;
}

union addr local_name(int fd)
{
    union addr a = { 0 };
    socklen_t len = sizeof a;

    CHECK_EQUAL(getsockname(fd, &a.any, &len), 0);
    return a;
}

bool local_has_v6(void)
{
    const union addr a = local_addr("::1", 0);
    int fd = socket(AF_INET6, SOCK_DGRAM, 0);
    bool has = fd >= 0 && bind(fd, &a.any, addr_len(&a)) == 0;

    socket_close(&fd);
    return has;
}

int local_listener(const char *host, bool is_stream)
{
    const union addr a = local_addr(host, 0);
    int fd;

    CHECK_EQUAL(socket_listen(&a, is_stream, &fd, 1), OK);
    return fd;
}

int stranger(int type, const union addr *to)
{
    const struct timeval patience = { .tv_sec = 30 };
    int fd = socket(to->any.sa_family, type, 0);

    CHECK(fd >= 0);
    CHECK_EQUAL(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
    CHECK_EQUAL(connect(fd, &to->any, addr_len(to)), 0);
    return fd;
}

struct loop *local_loop(void)
{
    struct loop *l;

    CHECK_EQUAL(loop_new(&l), OK);
    return l;
}

static void give_up(void *arg)
{
    hangs = true;
    loop_stop(arg);
}

void local_run(struct loop *l)
{
    struct timer end = { 0 };

    hangs = false;
    wheel_set(loop_wheel(l), &end, clock_monotonic_ns() + 30 * NS_PER_S, give_up, l);
    loop_run(l);
    wheel_cancel(&end);
    CHECK(!hangs);
}
