/* tests/replay/reload.c - a second configuration, and the end. */
#include "replay/script.h"

#include "worker/worker.h"

#define OTHER_LISTEN   "listen: [{url: dns://203.0.113.54}]\n"
#define OTHER_UPSTREAM "upstream: [{url: tcp://198.51.100.2}]\n"

TEST(reload_in_flight,
     "what is in flight is answered by the old upstream, what comes by the new one")
{
    struct socket *before, *after;
    struct asked old, young;

    replay_start(LISTEN UPSTREAM_TCP);
    client_udp_send(1, 1, "old.example");
    before = upstream_expect_connection(1);
    old = upstream_expect_query(before);
    CHECK_EQUAL(replay_reload(LISTEN OTHER_UPSTREAM), OK);
    client_udp_send(2, 2, "young.example");
    after = upstream_expect_connection(2);
    young = upstream_expect_query(after);
    upstream_answer(&young);
    client_udp_expect_answer(2, 2, "young.example");
    CHECK(!before->code_closed);
    upstream_answer(&old);
    client_udp_expect_answer(1, 1, "old.example");
    CHECK(before->code_closed && !after->code_closed);
    replay_end();
}

TEST(reload_idle, "connections of the old upstreams are closed when nobody waits for them")
{
    struct socket *before;
    struct asked asked;

    replay_start(LISTEN UPSTREAM_TCP);
    client_udp_send(1, 1, "old.example");
    before = upstream_expect_connection(1);
    asked = upstream_expect_query(before);
    upstream_answer(&asked);
    CHECK(!before->code_closed);
    CHECK_EQUAL(replay_reload(LISTEN OTHER_UPSTREAM), OK);
    CHECK(before->code_closed);
    client_udp_expect_answer(1, 1, "old.example");
    replay_end();
}

TEST(reload_old_fails_over, "questions of the old upstreams are tried again until their deadline")
{
    struct heard heard;

    replay_start(LISTEN UPSTREAM_TCP);
    client_udp_send(1, 1, "old.example");
    CHECK_EQUAL(replay_reload(LISTEN OTHER_UPSTREAM), OK);
    upstream_refuse_for(1, 4990);
    CHECK(counted(METRIC_upstream_connections_failed) >= 5);
    client_udp_expect_nothing();
    upstream_refuse_for(1, 20);
    heard = client_udp_expect(1);
    CHECK_EQUAL(heard.rcode, RCODE_SERVFAIL);
    CHECK_EQUAL(upstream_connections(1), 0);
    upstream_expect_nothing(2);
    replay_end();
}

/* One question is asked of two upstreams, and a third one is tried with a copy of another. */
static struct asked hedge_and_probe(void)
{
    struct asked asked;

    client_udp_send(1, 1, "failed.example");
    upstream_refuse(1);
    asked = upstream_expect_any(2);
    upstream_answer(&asked);
    client_udp_expect_answer(1, 1, "failed.example");
    advance(110);
    client_udp_send(1, 2, "slow.example");
    (void)upstream_expect_any(2);
    (void)upstream_expect_any(1); /* silent */
    CHECK_COUNTED(upstream_probes, 1);
    advance(110);
    asked = upstream_expect_any(3);
    CHECK_COUNTED(upstream_hedges, 1);
    return asked;
}

TEST(reload_hedged, "old upstreams go with their hedges and probes when the question is answered")
{
    struct asked asked;

    replay_start(LISTEN UPSTREAMS_TCP3);
    asked = hedge_and_probe();
    CHECK_EQUAL(replay_reload(LISTEN "upstream: [{url: tcp://198.51.100.4}]\n"), OK);
    upstream_answer(&asked);
    client_udp_expect_answer(1, 2, "slow.example");
    advance(5010);
    for (unsigned u = 1; u <= 3; u++)
        CHECK_EQUAL(upstream_connections(u), 0);
    replay_end();
}

TEST(stop_hedged, "and a stop leaves nothing of them behind")
{
    replay_start(LISTEN UPSTREAMS_TCP3);
    (void)hedge_and_probe();
    CHECK_EQUAL(replay_reload(LISTEN "upstream: [{url: tcp://198.51.100.4}]\n"), OK);
    replay_stop();
    advance(5030);
    CHECK(replay_is_over());
    replay_end();
}

TEST(listener_removed, "a removed listener answers what it has, takes no more, and closes")
{
    struct socket *client, *idle, *to;
    struct asked tcp, udp;

    replay_start(LISTEN UPSTREAM_TCP);
    client = client_tcp_open(1);
    idle = client_tcp_open(2);
    client_tcp_send(client, 1, "tcp.example");
    client_udp_send(3, 2, "udp.example");
    to = upstream_expect_connection(1);
    tcp = upstream_expect_query(to);
    udp = upstream_expect_query(to);
    CHECK_EQUAL(replay_reload(OTHER_LISTEN UPSTREAM_TCP), OK);
    CHECK(idle->code_closed && !client->code_closed);
    client_tcp_send(client, 9, "too.late.example");
    advance(30);
    upstream_answer(&udp);
    client_udp_expect_answer(3, 2, "udp.example");
    upstream_answer(&tcp);
    client_tcp_expect_answer(client, 1, "tcp.example");
    CHECK(client->code_closed);
    CHECK_COUNTED(queries_tcp, 1);
    advance(30);
    CHECK(list_is_empty(&replay_worker()->leaving));
    client_udp_send(4, 4, "moved.example"); /* to the new listener */
    upstream_serve(1);
    client_udp_expect_answer(4, 4, "moved.example");
    replay_end();
}

TEST(listener_stays, "a listener that both plans have keeps its connections")
{
    struct socket *client;

    replay_start(LISTEN UPSTREAM_TCP);
    client = client_tcp_open(1);
    CHECK_EQUAL(replay_reload(LISTEN OTHER_UPSTREAM), OK);
    client_tcp_send(client, 1, "kept.example");
    upstream_serve(2);
    client_tcp_expect_answer(client, 1, "kept.example");
    CHECK_EQUAL(replay_reload(LISTEN UPSTREAM_TCP), OK);
    client_tcp_close(client);
    replay_end();
}

TEST(listener_changed, "a listener whose udp_size changes can be reloaded like any other")
{
    replay_start(LISTEN UPSTREAM_TCP);
    CHECK_EQUAL(replay_reload("listen: [{url: dns://203.0.113.53, udp_size: 600}]\n" UPSTREAM_TCP),
                OK);
    client_udp_send(1, 1, "size.example");
    upstream_serve(1);
    client_udp_expect_answer(1, 1, "size.example");
    replay_end();
}

TEST(stop_in_flight, "a stop answers what is in flight, takes no more, and then ends")
{
    struct socket *client, *to;
    struct asked tcp, udp;

    replay_start(LISTEN UPSTREAM_TCP);
    client = client_tcp_open(1);
    client_tcp_send(client, 1, "tcp.example");
    client_udp_send(3, 2, "udp.example");
    to = upstream_expect_connection(1);
    tcp = upstream_expect_query(to);
    udp = upstream_expect_query(to);
    replay_stop();
    CHECK(!replay_is_over());
    advance(100);
    upstream_answer(&udp);
    upstream_answer(&tcp);
    client_udp_expect_answer(3, 2, "udp.example");
    client_tcp_expect_answer(client, 1, "tcp.example");
    advance(30);
    CHECK(replay_is_over());
    replay_end();
}

TEST(stop_in_time, "a stop waits five seconds at most")
{
    replay_start(LISTEN UPSTREAM_TCP "group: [{name: default, deadline: 60s, timeout: 30s}]\n");
    client_udp_send(3, 2, "silent.example");
    (void)upstream_expect_connection(1);
    replay_stop();
    advance(4980);
    CHECK(!replay_is_over());
    advance(50);
    CHECK(replay_is_over());
    client_udp_expect_nothing();
    replay_end();
}

TEST(stop_after_reload, "and does so when a question of the configuration before is in flight")
{
    replay_start(LISTEN UPSTREAM_TCP "group: [{name: default, deadline: 60s, timeout: 30s}]\n");
    client_udp_send(3, 2, "silent.example");
    (void)upstream_expect_connection(1);
    CHECK_EQUAL(replay_reload(LISTEN OTHER_UPSTREAM), OK);
    replay_stop();
    advance(5030);
    CHECK(replay_is_over());
    replay_end(); /* nothing is left, not even the old connection */
}

TEST(stop_idle, "a stop with nothing in flight ends at once")
{
    struct socket *client;

    replay_start(LISTEN UPSTREAM_TCP);
    client = client_tcp_open(1);
    replay_stop();
    advance(30);
    CHECK(client->code_closed);
    CHECK(replay_is_over());
    replay_end();
}

TEST(reload_other_routing, "what an old upstream says after a reload that changes them is not kept")
{
    struct asked old, anew;

    replay_start(LISTEN "upstream: [{url: udp://198.51.100.1}]\n");
    client_udp_send(1, 1, "old.example");
    old = upstream_expect_datagram(1);
    CHECK_EQUAL(replay_reload(LISTEN "upstream: [{url: udp://198.51.100.2}]\n"), OK);
    upstream_answer(&old);
    client_udp_expect_answer(1, 1, "old.example");
    client_udp_send(2, 2, "old.example");
    anew = upstream_expect_datagram(2);
    upstream_answer(&anew);
    client_udp_expect_answer(2, 2, "old.example");
    client_udp_send(3, 3, "old.example");
    client_udp_expect_answer(3, 3, "old.example");
    replay_end();
}

TEST(reload_same_routing, "but what it says after any other reload is")
{
    struct asked old;

    replay_start(LISTEN "upstream: [{url: udp://198.51.100.1}]\n");
    client_udp_send(1, 1, "old.example");
    old = upstream_expect_datagram(1);
    CHECK_EQUAL(replay_reload(LISTEN "upstream: [{url: udp://198.51.100.1}]\n"
                                     "group: [{deadline: 6s}]\n"),
                OK);
    upstream_answer(&old);
    client_udp_expect_answer(1, 1, "old.example");
    client_udp_send(2, 2, "old.example");
    client_udp_expect_answer(2, 2, "old.example");
    upstream_expect_nothing(1);
    replay_end();
}
