#include "io/acceptor.h"
#include "io/socket.h"
#include "unit/io/local.h"

#include <errno.h>
#include <sys/resource.h>

#define MANY 100

struct door {
    struct loop *loop;
    struct acceptor *acceptor;
    unsigned wanted, count, starved;
    int fds[MANY];
    union addr peers[MANY];
};

static void accepted(void *arg, int fd, const union addr *peer)
{
    struct door *d = arg;

    d->peers[d->count] = *peer;
    d->fds[d->count++] = fd;
    if (d->count == d->wanted)
        loop_stop(d->loop);
}

static void starved(void *arg, err_t err)
{
    struct door *d = arg;

    d->starved += err == ERR_SYSTEM && errno == EMFILE;
    loop_stop(d->loop);
}

static union addr open_door(struct door *d, unsigned wanted)
{
    static const struct acceptor_handler handler = { .accepted = accepted, .starved = starved };
    int fd = local_listener("127.0.0.1", true);
    const union addr name = local_name(fd);

    *d = (struct door){ .loop = local_loop(), .wanted = wanted };
    CHECK_EQUAL(acceptor_open(&d->acceptor, d->loop, fd, &handler, d), OK);
    return name;
}

static void close_door(struct door *d)
{
    acceptor_close(&d->acceptor);
    CHECK(d->acceptor == NULL);
    acceptor_close(&d->acceptor);
    for (unsigned i = 0; i < d->count; i++)
        socket_close(&d->fds[i]);
    loop_free(&d->loop);
}

TEST(acceptor_lets_in, "all who connect are let in, and told apart by their addresses")
{
    int clients[MANY];
    struct door d;
    const union addr to = open_door(&d, MANY);

    for (unsigned i = 0; i < MANY; i++)
        clients[i] = stranger(SOCK_STREAM, &to);
    local_run(d.loop);
    for (unsigned i = 0; i < MANY; i++) {
        const union addr name = local_name(clients[i]);

        CHECK(addr_equal(&name, &d.peers[i]));
        socket_close(&clients[i]);
    }
    close_door(&d);
}

TEST(acceptor_closes, "who has connected before it closes is let in, who comes later is refused")
{
    struct door d;
    const union addr to = open_door(&d, MANY);
    int client = stranger(SOCK_STREAM, &to), late = socket(AF_INET, SOCK_STREAM, 0);

    acceptor_close(&d.acceptor);
    CHECK_EQUAL(d.count, 1);
    CHECK_EQUAL(connect(late, &to.any, addr_len(&to)), -1);
    CHECK_EQUAL(errno, ECONNREFUSED);
    socket_close(&client);
    socket_close(&late);
    close_door(&d);
}

/* Each who is let in comes back. */
static void come_back(void *arg, int fd, const union addr *peer)
{
    struct door *d = arg;
    int again = socket(AF_INET, SOCK_STREAM, 0);

    (void)peer;
    if (d->count++ < 10 * SOCKET_BACKLOG)
        CHECK_EQUAL(connect(again, &d->peers[0].any, addr_len(&d->peers[0])), 0);
    socket_close(&again);
    socket_close(&fd);
}

TEST(acceptor_ends, "it closes, however many go on to connect meanwhile")
{
    static const struct acceptor_handler handler = { .accepted = come_back, .starved = starved };
    int fd = local_listener("127.0.0.1", true), client;
    struct door d = { .loop = local_loop(), .peers = { local_name(fd) } };

    CHECK_EQUAL(acceptor_open(&d.acceptor, d.loop, fd, &handler, &d), OK);
    client = stranger(SOCK_STREAM, &d.peers[0]);
    acceptor_close(&d.acceptor);
    CHECK_EQUAL(d.count, SOCKET_BACKLOG);
    socket_close(&client);
    loop_free(&d.loop);
}

TEST(acceptor_rests,
     "out of descriptors it rests, and lets in who waited when there are some again")
{
    struct rlimit before, none;
    struct door d;
    const union addr to = open_door(&d, 1);
    int client = stranger(SOCK_STREAM, &to);

    CHECK_EQUAL(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = (rlim_t)client; /* no descriptor behind the last one */
    CHECK_EQUAL(setrlimit(RLIMIT_NOFILE, &none), 0);
    local_run(d.loop);
    CHECK_EQUAL(setrlimit(RLIMIT_NOFILE, &before), 0);
    CHECK_EQUAL(d.starved, 1);
    CHECK_EQUAL(d.count, 0);
    local_run(d.loop);
    CHECK_EQUAL(d.count, 1);
    socket_close(&client);
    close_door(&d);
}

static void stop(void *arg)
{
    loop_stop(arg);
}

TEST(acceptor_pauses, "while it pauses who connects has to wait, and is let in when it goes on")
{
    struct door d;
    const union addr to = open_door(&d, 1);
    int client = stranger(SOCK_STREAM, &to);
    struct timer later = { 0 };

    acceptor_pause(d.acceptor, true);
    wheel_set(loop_wheel(d.loop), &later, clock_monotonic_ns() + 50 * NS_PER_MS, stop, d.loop);
    local_run(d.loop);
    CHECK_EQUAL(d.count, 0);
    acceptor_pause(d.acceptor, false);
    local_run(d.loop);
    CHECK_EQUAL(d.count, 1);
    socket_close(&client);
    close_door(&d);
}
