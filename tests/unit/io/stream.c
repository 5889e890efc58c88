#include "io/stream.h"
#include "io/socket.h"
#include "unit/io/local.h"

#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#define PLENTY (8u << 20)

struct side {
    struct loop *loop;
    struct stream *stream;
    unsigned connected, writable, failed, ended;
    int error;
    size_t len;
    size_t unsent; /* of PLENTY bytes */
    char bytes[64];
};

static void connected(void *arg)
{
    struct side *s = arg;

    s->connected++;
    loop_stop(s->loop);
}

static void received(void *arg, struct slice bytes)
{
    struct side *s = arg;

    if (bytes.len == 0)
        s->ended++;
    for (size_t i = 0; i < bytes.len && s->len < sizeof s->bytes; i++)
        s->bytes[s->len++] = (char)bytes.data[i];
    if (bytes.len == 0)
        CHECK_EQUAL(stream_read_on(s->stream, false), OK);
    loop_stop(s->loop);
}

static void send_more(void *arg)
{
    static uint8_t zeroes[PLENTY];
    struct side *s = arg;
    size_t sent = 0;

    s->writable++;
    CHECK_EQUAL(stream_send(s->stream, slice_of(zeroes, s->unsent), &sent), OK);
    s->unsent -= sent;
    if (s->unsent == 0)
        loop_stop(s->loop);
}

static void failed(void *arg, err_t err)
{
    struct side *s = arg;

    s->error = errno;
    s->failed += err == ERR_SYSTEM;
    loop_stop(s->loop);
}

static const struct stream_handler handler = {
    .connected = connected, .received = received, .writable = send_more, .failed = failed
};

static void close_side(struct side *s)
{
    stream_close(&s->stream);
    CHECK(s->stream == NULL);
    stream_close(&s->stream);
    loop_free(&s->loop);
}

/* A connected stream; the other end is `*ret_peer`. */
static void connect_side(struct side *s, int *ret_peer)
{
    int door = local_listener("127.0.0.1", true);
    const union addr to = local_name(door);

    *s = (struct side){ .loop = local_loop() };
    CHECK_EQUAL(stream_connect(&s->stream, s->loop, &to, &handler, s), OK);
    CHECK_EQUAL(s->connected, 0);
    local_run(s->loop);
    CHECK_EQUAL(s->connected, 1);
    *ret_peer = accept(door, NULL, NULL);
    CHECK(*ret_peer >= 0);
    socket_close(&door);
}

TEST(stream_talks, "bytes go both ways over a connection")
{
    struct side s;
    size_t sent = 0;
    char room[8];
    int peer;

    connect_side(&s, &peer);
    CHECK_EQUAL(stream_send(s.stream, slice_of("ping", 4), &sent), OK);
    CHECK_EQUAL(sent, 4);
    CHECK_EQUAL(recv(peer, room, sizeof room, 0), 4);
    CHECK_EQUAL(send(peer, "pong", 4, 0), 4);
    local_run(s.loop);
    CHECK_EQUAL(s.len, 4);
    CHECK_BYTES(s.bytes, "pong", 4);
    socket_close(&peer);
    close_side(&s);
}

TEST(stream_unacknowledged,
     "what has not arrived is known, and none of it does once it was abandoned")
{
    static uint8_t zeroes[PLENTY];
    struct side s;
    size_t sent = 0, before;
    char room[65536];
    int peer;

    connect_side(&s, &peer);
    CHECK_EQUAL(stream_unacknowledged(s.stream), 0);
    CHECK_EQUAL(stream_send(s.stream, slice_of(zeroes, sizeof zeroes), &sent), OK);
    before = stream_unacknowledged(s.stream);
    CHECK(before > 0 && before <= sent);
    for (size_t got = 0; got < sent - before;)
        got += (size_t)recv(peer, room, sizeof room, 0);
    stream_abandon(s.stream);
    close_side(&s);
    while (recv(peer, room, sizeof room, 0) > 0)
        ;
    CHECK_EQUAL(errno, ECONNRESET);
    socket_close(&peer);
}

TEST(stream_is_refused, "a refused connection fails once, with the reason")
{
    int door = local_listener("127.0.0.1", true);
    const union addr to = local_name(door);
    struct side s = { .loop = local_loop() };

    socket_close(&door);
    if (stream_connect(&s.stream, s.loop, &to, &handler, &s) == OK) {
        local_run(s.loop);
        CHECK_EQUAL(s.failed, 1);
        CHECK_EQUAL(s.error, ECONNREFUSED);
    }
    CHECK_EQUAL(s.connected, 0);
    close_side(&s);
}

TEST(stream_half_closed, "a peer that has finished sending is told of, and still takes bytes")
{
    struct side s;
    size_t sent = 0;
    char room[8];
    int peer;

    connect_side(&s, &peer);
    CHECK_EQUAL(shutdown(peer, SHUT_WR), 0);
    local_run(s.loop);
    CHECK_EQUAL(s.ended, 1);
    CHECK_EQUAL(stream_send(s.stream, slice_of("late", 4), &sent), OK);
    CHECK_EQUAL(recv(peer, room, sizeof room, 0), 4);
    socket_close(&peer);
    close_side(&s);
}

TEST(stream_is_reset, "a reset fails once")
{
    const struct linger at_once = { .l_onoff = 1 };
    struct side s;
    int peer;

    connect_side(&s, &peer);
    CHECK_EQUAL(setsockopt(peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
    socket_close(&peer);
    local_run(s.loop);
    CHECK_EQUAL(s.failed, 1);
    CHECK_EQUAL(s.error, ECONNRESET);
    close_side(&s);
}

static void *read_all(void *arg)
{
    static char room[65536];
    size_t total = 0;
    ssize_t len = 1;

    while (total < PLENTY && len > 0) {
        len = recv(*(int *)arg, room, sizeof room, 0);
        total += len > 0 ? (size_t)len : 0;
    }
    *(int *)arg = total == PLENTY;
    return NULL;
}

TEST(stream_waits, "what the kernel has no room for waits until the peer has read")
{
    struct side s;
    pthread_t reader;
    int peer, end;

    connect_side(&s, &peer);
    s.unsent = PLENTY;
    send_more(&s);
    CHECK(s.unsent > 0);
    end = peer;
    CHECK_EQUAL(pthread_create(&reader, NULL, read_all, &end), 0);
    local_run(s.loop);
    pthread_join(reader, NULL);
    CHECK_EQUAL(s.unsent, 0);
    CHECK(s.writable > 1);
    CHECK_EQUAL(end, 1);
    socket_close(&peer);
    close_side(&s);
}

static void stop(void *arg)
{
    loop_stop(arg);
}

TEST(stream_pauses, "while reading is off nothing is received, and then all of it")
{
    struct timer later = { 0 };
    struct side s;
    int peer;

    connect_side(&s, &peer);
    CHECK_EQUAL(stream_read_on(s.stream, false), OK);
    CHECK_EQUAL(send(peer, "wait", 4, 0), 4);
    wheel_set(loop_wheel(s.loop), &later, clock_monotonic_ns() + 30 * NS_PER_MS, stop, s.loop);
    local_run(s.loop);
    CHECK_EQUAL(s.len, 0);
    CHECK_EQUAL(stream_read_on(s.stream, true), OK);
    local_run(s.loop);
    CHECK_EQUAL(s.len, 4);
    socket_close(&peer);
    close_side(&s);
}

TEST(stream_receives_now, "what has arrived can be read without waiting for the loop")
{
    struct side s;
    int peer;

    connect_side(&s, &peer);
    stream_receive(s.stream);
    CHECK_EQUAL(s.len + s.ended + s.failed, 0);
    CHECK_EQUAL(send(peer, "now", 3, 0), 3);
    stream_receive(s.stream);
    CHECK_EQUAL(s.len, 3);
    local_run(s.loop); /* `received` has asked it to stop before it ran */
    socket_close(&peer);
    close_side(&s);
}

static bool is_acknowledged(const struct side *s)
{
    struct stream_state state;

    CHECK(stream_state(s->stream, &state));
    return state.unacknowledged == 0;
}

TEST(stream_tells_state, "what the peer's kernel has acknowledged is known, however late it reads")
{
    const uint64_t end_ns = clock_monotonic_ns() + 30 * NS_PER_S;
    struct stream_state state;
    struct side s;
    int peer;

    connect_side(&s, &peer);
    CHECK(is_acknowledged(&s));
    s.unsent = PLENTY;
    send_more(&s); /* more than both kernels have room for */
    CHECK(stream_state(s.stream, &state));
    CHECK(state.unacknowledged > 0 && state.unacknowledged <= PLENTY - s.unsent);
    CHECK(state.rtt_us > 0);
    CHECK(state.last_ack_ms < 30000);
    for (char room[65536]; !is_acknowledged(&s) && clock_monotonic_ns() < end_ns;)
        CHECK(recv(peer, room, sizeof room, MSG_DONTWAIT) != 0);
    CHECK(is_acknowledged(&s));
    socket_close(&peer);
    close_side(&s);
}

TEST(stream_connecting_state, "there is no state before it is known whether anybody is there")
{
    int door = local_listener("127.0.0.1", true);
    const union addr to = local_name(door);
    struct side s = { .loop = local_loop() };
    struct stream_state state;

    CHECK_EQUAL(stream_connect(&s.stream, s.loop, &to, &handler, &s), OK);
    CHECK(!stream_state(s.stream, &state));
    local_run(s.loop);
    CHECK(stream_state(s.stream, &state));
    socket_close(&door);
    close_side(&s);
}

TEST(stream_has_local, "a connection tells the address it has here")
{
    const union addr expected = local_addr("127.0.0.1", 0);
    union addr local;
    struct side s;
    int peer;

    connect_side(&s, &peer);
    stream_local(s.stream, &local);
    CHECK(addr_equal(&local, &expected));
    socket_close(&peer);
    close_side(&s);
}
