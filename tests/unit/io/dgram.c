#include "io/dgram.h"
#include "io/socket.h"
#include "unit/io/local.h"

#include <errno.h>

#define MANY 200 /* more than three batches */

struct door {
    struct loop *loop;
    struct dgram *dgram;
    unsigned wanted, received, failed;
    int error;
    union addr local;
    bool has_local;
    size_t len;
};

static const struct dgram_settings settings = { .receive_size = 64, .send_size = 64 };

/* Sends back what came, from where it came to. */
static void echo(void *arg, const struct datagram *d)
{
    struct door *door = arg;

    door->len = d->bytes.len;
    door->has_local = d->local;
    if (d->local)
        door->local = *d->local;
    dgram_send(door->dgram, d->bytes, d->peer, d->local);
    if (++door->received == door->wanted)
        loop_stop(door->loop);
}

static void failed(void *arg, err_t err)
{
    struct door *door = arg;

    door->error = errno;
    door->failed += err == ERR_SYSTEM;
    loop_stop(door->loop);
}

static const struct dgram_handler handler = { .received = echo, .failed = failed };

static void open_door(struct door *door, int fd, const struct dgram_settings *how, unsigned wanted)
{
    *door = (struct door){ .loop = local_loop(), .wanted = wanted };
    CHECK_EQUAL(dgram_open(&door->dgram, door->loop, fd, how, &handler, door), OK);
}

static void close_door(struct door *door)
{
    dgram_close(&door->dgram);
    CHECK(door->dgram == NULL);
    loop_free(&door->loop);
}

TEST(dgram_batches, "many datagrams are received and answered, each whole and to who sent it")
{
    int fd = local_listener("127.0.0.1", false);
    const union addr to = local_name(fd);
    int client = stranger(SOCK_DGRAM, &to);
    bool seen[MANY] = { false };
    struct door door;

    open_door(&door, fd, &settings, MANY);
    for (uint8_t i = 0; i < MANY; i++)
        CHECK_EQUAL(send(client, &i, 1, 0), 1);
    local_run(door.loop);
    dgram_flush(door.dgram);
    for (unsigned i = 0; i < MANY; i++) {
        uint8_t got = 0;

        CHECK_EQUAL(recv(client, &got, 1, 0), 1);
        CHECK(got < MANY && !seen[got]);
        seen[got] = true;
    }
    CHECK(!door.has_local);
    socket_close(&client);
    close_door(&door);
}

TEST(dgram_cuts, "a datagram that is too long is cut, and one too long to send is not sent")
{
    int fd = local_listener("127.0.0.1", false);
    const union addr to = local_name(fd);
    const struct dgram_settings small = { .receive_size = 8, .send_size = 4 };
    int client = stranger(SOCK_DGRAM, &to);
    struct door door;
    char room[64];

    open_door(&door, fd, &small, 2);
    CHECK_EQUAL(send(client, "0123456789", 10, 0), 10);
    CHECK_EQUAL(send(client, "abc", 3, 0), 3);
    local_run(door.loop);
    dgram_flush(door.dgram);
    CHECK_EQUAL(door.len, 3);
    CHECK_EQUAL(recv(client, room, sizeof room, 0), 3); /* the first one had eight bytes */
    CHECK_BYTES(room, "abc", 3);
    socket_close(&client);
    close_door(&door);
}

/* A client that is connected takes replies from the address that it asked only. */
static void ask_wildcard(const char *bound, const char *asked)
{
    const struct dgram_settings telling = { .receive_size = 64,
                                            .send_size = 64,
                                            .tells_local = true };
    int fd = local_listener(bound, false), client;
    const union addr name = local_name(fd), to = local_addr(asked, addr_port(&name));
    union addr expected = local_addr(asked, 0);
    struct door door;
    char room[8];

    open_door(&door, fd, &telling, 1);
    client = stranger(SOCK_DGRAM, &to);
    CHECK_EQUAL(send(client, "ask", 3, 0), 3);
    local_run(door.loop);
    dgram_flush(door.dgram);
    CHECK(door.has_local);
    if (expected.any.sa_family == AF_INET6)
        door.local.v6.sin6_scope_id = expected.v6.sin6_scope_id;
    CHECK(addr_equal(&door.local, &expected));
    CHECK_EQUAL(recv(client, room, sizeof room, 0), 3);
    socket_close(&client);
    close_door(&door);
}

TEST(dgram_local_v4, "behind a wildcard address the reply leaves from where the query came to")
{
    ask_wildcard("0.0.0.0", "127.0.0.1");
    ask_wildcard("0.0.0.0", "127.0.0.2");
    ask_wildcard("0.0.0.0", "127.1.2.3");
}

TEST(dgram_local_v6, "and so it does over IPv6")
{
    if (!local_has_v6())
        skip();
    ask_wildcard("::", "::1");
}

TEST(dgram_is_told, "a connected socket is told when nobody is there")
{
    int fd = local_listener("127.0.0.1", false);
    const union addr to = local_name(fd);
    struct door door = { .loop = local_loop() };

    socket_close(&fd);
    CHECK_EQUAL(dgram_connect(&door.dgram, door.loop, &to, &settings, &handler, &door), OK);
    dgram_send(door.dgram, slice_of("?", 1), NULL, NULL);
    local_run(door.loop);
    CHECK_EQUAL(door.failed, 1);
    CHECK_EQUAL(door.error, ECONNREFUSED);
    close_door(&door);
}

TEST(dgram_drains, "a drained socket has taken what had arrived, takes no more, and still sends")
{
    int fd = local_listener("127.0.0.1", false);
    const union addr to = local_name(fd);
    int client = stranger(SOCK_DGRAM, &to);
    struct door door;
    char room[8];

    open_door(&door, fd, &settings, 99);
    CHECK_EQUAL(send(client, "one", 3, 0), 3);
    dgram_drain(door.dgram);
    CHECK_EQUAL(door.received, 1);
    dgram_flush(door.dgram);
    CHECK_EQUAL(recv(client, room, sizeof room, 0), 3);
    socket_close(&client);
    close_door(&door);
}

TEST(dgram_sends_the_rest, "what was gathered leaves when the socket is closed")
{
    int fd = local_listener("127.0.0.1", false), peer = local_listener("127.0.0.1", false);
    const union addr to = local_name(peer);
    struct door door;
    char room[8];

    open_door(&door, fd, &settings, 1);
    dgram_send(door.dgram, slice_of("last", 4), &to, NULL);
    close_door(&door);
    CHECK_EQUAL(recv(peer, room, sizeof room, 0), 4);
    socket_close(&peer);
}
