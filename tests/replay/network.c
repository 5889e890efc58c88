/* tests/replay/network.c - what the machine tells about connections and the network. */
#include "replay/script.h"

#include "io/netwatch.h"
#include "io/socket.h"
#include "io/stream.h"
#include "worker/worker.h"

static void connected(void *arg)
{
    *(bool *)arg = true;
}

static void received(void *arg, struct slice bytes)
{
    (void)arg;
    (void)bytes;
    fail_msg("nothing was to arrive");
}

static void failed(void *arg, err_t err)
{
    (void)arg;
    (void)err;
    fail_msg("nothing was to fail");
}

static const struct stream_handler handler = { .connected = connected,
                                               .received = received,
                                               .failed = failed };

static struct stream_state state_of(const struct stream *s)
{
    struct stream_state state;

    CHECK(stream_state(s, &state));
    return state;
}

TEST(vanished, "an upstream that has vanished acknowledges nothing, and not even its end arrives")
{
    struct stream *s;
    struct stream_state state;
    struct socket *to;
    union addr addr;
    bool is_connected = false;
    size_t sent;

    replay_start(LISTEN UPSTREAM_TCP);
    CHECK_EQUAL(addr_parse("198.51.100.1", 53, &addr), OK);
    CHECK_EQUAL(stream_connect(&s, replay_worker()->loop, &addr, &handler, &is_connected), OK);
    CHECK(!stream_state(s, &state));
    to = upstream_expect_connection(1);
    CHECK(is_connected);
    CHECK_EQUAL(stream_send(s, slice_of("known", 5), &sent), OK);
    CHECK_EQUAL(state_of(s).unacknowledged, 0);
    advance(100);
    upstream_vanishes(to);
    CHECK_EQUAL(stream_send(s, slice_of("lost", 4), &sent), OK);
    advance(200);
    upstream_close(to);
    state = state_of(s);
    CHECK_EQUAL(state.unacknowledged, 4);
    CHECK_EQUAL(state.last_ack_ms, 300);
    CHECK_EQUAL(state.rtt_us, 1000);
    stream_close(&s);
    replay_end();
}

static void count(void *arg)
{
    ++*(unsigned *)arg;
}

TEST(network_changed, "a change of the network is told of once, when it has settled")
{
    struct netwatch *w;
    unsigned told = 0;

    replay_start(LISTEN UPSTREAM_TCP);
    CHECK_EQUAL(netwatch_open(&w, replay_worker()->loop, count, &told), OK);
    network_changes();
    advance(80);
    network_changes();
    CHECK_EQUAL(told, 0);
    advance(40);
    CHECK_EQUAL(told, 1);
    advance(1000);
    CHECK_EQUAL(told, 1);
    network_changes();
    netwatch_close(&w);
    advance(1000);
    CHECK_EQUAL(told, 1);
    replay_end();
}

TEST(machine_moved, "a machine that moves reaches the same upstream from another address")
{
    struct stream *s;
    struct stream *none = NULL;
    union addr addr, source, local;
    bool is_connected = false;

    replay_start(LISTEN UPSTREAM_TCP);
    CHECK_EQUAL(addr_parse("198.51.100.1", 53, &addr), OK);
    CHECK_EQUAL(stream_connect(&s, replay_worker()->loop, &addr, &handler, &is_connected), OK);
    (void)upstream_expect_connection(1);
    stream_local(s, &local);
    CHECK_EQUAL(socket_source(&addr, &source), OK);
    CHECK(addr_equal(&local, &source));
    machine_moves(2);
    CHECK_EQUAL(socket_source(&addr, &source), OK);
    CHECK(!addr_equal(&local, &source));
    machine_moves(0);
    CHECK_EQUAL(socket_source(&addr, &source), ERR_UNREACHABLE);
    CHECK_EQUAL(stream_connect(&none, replay_worker()->loop, &addr, &handler, NULL), ERR_SYSTEM);
    stream_close(&s);
    replay_end();
}
