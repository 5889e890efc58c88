#include "io/netwatch.h"
#include "io/socket.h"
#include "unit/io/local.h"

#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define NO_PERMISSION 77

/* A message of this type with `len` bytes in all, of which `there` are there. */
static size_t put_message(uint8_t *room, uint16_t type, uint32_t len, size_t there)
{
    const struct nlmsghdr header = { .nlmsg_len = len, .nlmsg_type = type };

    memset(room, 0xff, there);
    memcpy(room, &header, there < sizeof header ? there : sizeof header);
    return there;
}

static bool tells(uint16_t type)
{
    uint8_t room[sizeof(struct nlmsghdr) + 8];

    return netwatch_tells_change(slice_of(room, put_message(room, type, sizeof room, sizeof room)));
}

TEST(netwatch_knows_change, "links, addresses, routes and lost messages are changes, no others are")
{
    static const uint16_t changes[] = { RTM_NEWLINK,  RTM_DELLINK,  RTM_NEWADDR,  RTM_DELADDR,
                                        RTM_NEWROUTE, RTM_DELROUTE, NLMSG_OVERRUN };
    static const uint16_t others[] = { NLMSG_NOOP,  NLMSG_ERROR,  NLMSG_DONE,
                                       RTM_GETLINK, RTM_NEWNEIGH, RTM_NEWRULE };

    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++)
        CHECK(tells(changes[i]));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        CHECK(!tells(others[i]));
}

TEST(netwatch_reads_all, "a change is found behind messages of any length, padding included")
{
    const uint32_t header = sizeof(struct nlmsghdr);
    uint8_t room[256];

    for (uint32_t extra = 0; extra < 8; extra++) {
        size_t len = put_message(room, RTM_NEWNEIGH, header + extra, NLMSG_ALIGN(header + extra));

        CHECK(!netwatch_tells_change(slice_of(room, len)));
        len += put_message(room + len, RTM_DELROUTE, header, header);
        CHECK(netwatch_tells_change(slice_of(room, len)));
    }
}

TEST(netwatch_reads_no_further, "messages that lie about their length, or are cut, tell nothing")
{
    static const uint32_t lengths[] = { 0, 1, 15, 4096, UINT32_MAX - 3, UINT32_MAX };
    uint8_t room[64];

    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        put_message(room, RTM_NEWNEIGH, lengths[i], sizeof room);
        for (size_t len = 0; len <= sizeof room; len++) {
            uint8_t *piece = malloc(len ? len : 1);

            memcpy(piece, room, len);
            CHECK(!netwatch_tells_change(slice_of(piece, len)));
            free(piece);
        }
    }
    put_message(room, RTM_NEWLINK, 16, 15);
    CHECK(!netwatch_tells_change(slice_of(room, 15)));
}

struct told {
    struct loop *loop;
    unsigned count;
};

static void count(void *arg)
{
    ((struct told *)arg)->count++;
}

static void stop(void *arg)
{
    loop_stop(arg);
}

/* Ten times as long as a burst takes. */
static void run_a_second(struct loop *l)
{
    struct timer end = { 0 };

    wheel_set(loop_wheel(l), &end, clock_monotonic_ns() + NS_PER_S, stop, l);
    loop_run(l);
}

static bool set_loopback(int fd, bool is_up)
{
    struct ifreq request = { .ifr_name = "lo", .ifr_flags = is_up ? IFF_UP : 0 };

    return ioctl(fd, SIOCSIFFLAGS, &request) == 0;
}

static bool add_address(int fd)
{
    struct ifreq request = { .ifr_name = "lo:1" };
    const struct sockaddr_in addr = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x0a010203) };

    memcpy(&request.ifr_addr, &addr, sizeof addr);
    return ioctl(fd, SIOCSIFADDR, &request) == 0;
}

/* The step that went wrong, or 0. In a process of its own: its network is not the machine's. */
static int watch_private_network(void)
{
    struct told told = { 0 };
    struct netwatch *w;
    unsigned before;
    int fd;

    if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
        return NO_PERMISSION;
    fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (fd < 0 || loop_new(&told.loop) != OK || netwatch_open(&w, told.loop, count, &told) != OK)
        return 1;
    run_a_second(told.loop);
    if (told.count != 0)
        return 2;
    if (!set_loopback(fd, true))
        return 3;
    run_a_second(told.loop); /* IPv6 takes its time */
    if (told.count == 0)
        return 4;
    before = told.count;
    if (!add_address(fd)) /* and its routes */
        return 5;
    run_a_second(told.loop);
    if (told.count != before + 1)
        return 6;
    if (!set_loopback(fd, false))
        return 7;
    netwatch_close(&w);
    run_a_second(told.loop);
    loop_free(&told.loop);
    socket_close(&fd);
    return told.count == before + 1 && !w ? 0 : 8;
}

TEST(netwatch_hears, "each change of the network is told of once, whatever it consists of")
{
    pid_t child = fork();
    int status = -1;

    CHECK(child >= 0);
    if (child == 0)
        _exit(watch_private_network());
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status));
    if (WEXITSTATUS(status) == NO_PERMISSION)
        skip();
    CHECK_EQUAL(WEXITSTATUS(status), 0);
}
