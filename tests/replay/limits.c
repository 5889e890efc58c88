/* tests/replay/limits.c - clients who take their time, or too much of everything. */
#include "replay/script.h"

TEST(byte_a_second, "a message must be whole five seconds after its first byte, however bytes drip")
{
    const struct said query = say_query(1, "drip.example"),
                      framed_query = framed(said_slice(&query));
    struct socket *client;

    replay_start(LISTEN UPSTREAM_TCP);
    client = client_tcp_open(1);
    for (size_t i = 0; i < 5; i++) {
        CHECK(!client->code_closed);
        client_tcp_send_bytes(client, slice_of(framed_query.bytes + i, 1));
        advance(1000);
    }
    advance(10);
    CHECK(client->code_closed);
    CHECK_COUNTED(connections_late, 1);
    replay_end();
}

TEST(idle, "a connection without a query is closed after ten seconds")
{
    struct socket *client;

    replay_start(LISTEN UPSTREAM_TCP);
    client = client_tcp_open(1);
    advance(9990);
    CHECK(!client->code_closed);
    advance(20);
    CHECK(client->code_closed);
    CHECK_COUNTED(connections_idle, 1);
    replay_end();
}

TEST(idle_begins_anew, "each query begins the idle time anew, and waiting for us is not idle")
{
    struct socket *client, *to;
    struct asked asked;

    replay_start(LISTEN UPSTREAM_TCP "limit: {tcp_idle: 1s}\n");
    client = client_tcp_open(1);
    advance(900);
    client_tcp_send(client, 1, "slow.example");
    to = upstream_expect_connection(1);
    asked = upstream_expect_query(to);
    advance(1900);
    CHECK(!client->code_closed);
    upstream_answer(&asked);
    client_tcp_expect_answer(client, 1, "slow.example");
    advance(990);
    CHECK(client->code_closed || counted(METRIC_connections_idle) == 0);
    advance(20);
    CHECK(client->code_closed);
    CHECK_COUNTED(connections_idle, 1);
    replay_end();
}

TEST(slow_reader, "a client who takes no responses is cut off, and its memory is released")
{
    struct socket *client;

    replay_start(LISTEN UPSTREAM_TCP);
    client = client_tcp_open(1);
    client_tcp_takes(client, 100);
    for (unsigned i = 0; i < 5000; i++) {
        client_tcp_send(client, (uint16_t)i, "slow.example");
        upstream_serve(1);
    }
    CHECK(replay_bytes_held() > 0);
    CHECK(replay_bytes_held() < 1u << 20);
    CHECK(!client->code_closed);
    advance(9980);
    CHECK(!client->code_closed);
    advance(40);
    CHECK(client->code_closed);
    CHECK_COUNTED(connections_slow, 1);
    CHECK_EQUAL(replay_bytes_held(), 0);
    replay_end();
}

TEST(patient_reader, "a client who reads again after a while gets every response")
{
    static bool seen[3000];
    struct socket *client;
    struct heard heard;
    unsigned count = 0;

    replay_start(LISTEN UPSTREAM_TCP);
    client = client_tcp_open(1);
    client_tcp_takes(client, 0);
    for (unsigned i = 0; i < 3000; i++) {
        client_tcp_send(client, (uint16_t)i, "later.example");
        upstream_serve(1);
    }
    advance(5000);
    client_tcp_takes(client, 1u << 20);
    for (unsigned turns = 0; turns < 20; turns++) {
        while (client_tcp_hears(client, &heard)) {
            CHECK(heard.id < 3000 && !seen[heard.id]);
            seen[heard.id] = true;
            count++;
        }
        upstream_serve(1);
    }
    CHECK_EQUAL(count, 3000);
    CHECK_EQUAL(replay_bytes_held(), 0);
    client_tcp_close(client);
    replay_end();
}

TEST(limit_per_client, "one address has so many connections, others have theirs")
{
    struct socket *clients[4], *other;

    replay_start(LISTEN UPSTREAM_TCP "limit: {tcp_connections_per_client: 3}\n");
    for (unsigned i = 0; i < 4; i++)
        clients[i] = client_tcp_open(i);
    CHECK(!clients[2]->code_closed && clients[3]->code_closed);
    other = client_tcp_open(60000); /* another address */
    CHECK(!other->code_closed);
    CHECK_COUNTED(connections_accepted, 4);
    CHECK_COUNTED(connections_refused, 1);
    client_tcp_close(clients[0]);
    clients[3] = client_tcp_open(3);
    CHECK(!clients[3]->code_closed);
    replay_end();
}

TEST(limit_in_all, "all together have so many, and each one that ends makes room")
{
    struct socket *clients[6];

    replay_start(LISTEN UPSTREAM_TCP
                 "limit: {tcp_connections: 5, tcp_connections_per_client: 5}\n");
    for (unsigned i = 0; i < 6; i++)
        clients[i] = client_tcp_open(60000 * i);
    CHECK(!clients[4]->code_closed && clients[5]->code_closed);
    advance(10020);
    CHECK(clients[0]->code_closed);
    clients[5] = client_tcp_open(60000 * 5);
    CHECK(!clients[5]->code_closed);
    replay_end();
}

TEST(memory_limit, "half-read messages and unsent responses stay below their limit, in all")
{
    static uint8_t half[60000] = { 0xff, 0xff };
    struct socket *clients[40];
    unsigned closed = 0;

    replay_start(LISTEN UPSTREAM_TCP "limit: {tcp_buffers: 1MiB}\n");
    for (unsigned i = 0; i < 40; i++) {
        clients[i] = client_tcp_open(i);
        client_tcp_send_bytes(clients[i], slice_of(half, sizeof half));
        CHECK(replay_bytes_held() <= 1u << 20);
        closed += clients[i]->code_closed;
    }
    CHECK(closed > 0 && closed < 40);
    CHECK_EQUAL(counted(METRIC_connections_starved), closed);
    advance(5010);
    CHECK_EQUAL(replay_bytes_held(), 0);
    CHECK_EQUAL(counted(METRIC_connections_late), 40 - closed);
    replay_end();
}

TEST(too_many_queries,
     "what comes when 65536 queries wait is dropped and counted, the rest answered")
{
    const struct said query = say_query(5, "full.example");
    struct heard heard;
    unsigned client, answered = 0;

    replay_start(LISTEN UPSTREAM_TCP);
    for (unsigned i = 0; i < 65536 + 10; i++)
        client_udp_send_bytes(i, said_slice(&query));
    CHECK_COUNTED(queries_dropped_full, 10);
    CHECK_COUNTED(queries_udp, 65546);
    advance(5100);
    while (client_udp_hears(&client, &heard)) {
        CHECK_EQUAL(heard.rcode, RCODE_SERVFAIL);
        answered++;
    }
    CHECK_EQUAL(answered, 65536);
    replay_end();
}

TEST(fault_is_its_own, "an error response does not repeat what an earlier query was told")
{
    struct said query = say_query(2, "version.example");
    struct heard heard;

    replay_start(LISTEN UPSTREAM_TCP);
    client_udp_send(1, 1, "nobody.example");
    upstream_refuse_for(1, 5010);
    heard = client_udp_expect(1);
    CHECK(heard.has_ede);
    query.bytes[query.len - 5] = 1; /* EDNS version 1, which nobody speaks */
    client_udp_send_bytes(1, said_slice(&query));
    heard = client_udp_expect(1);
    CHECK_EQUAL(heard.rcode, RCODE_BADVERS);
    CHECK(!heard.has_ede);
    replay_end();
}
