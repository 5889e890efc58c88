/* tests/replay/overload.c - too many connections, too many who wait: idle ones go early, and what a
 * connection may be used for ends. */
#include "replay/crowd.h"

#include "listen/admission.h"
#include "worker/worker.h"

#include <stdio.h>

#define EIGHT   "limit: {tcp_connections: 8}\n" /* above six there is an overload */
#define SECONDS 1000
#define MANY    8

static struct socket *clients[MANY];

static bool is_overload(void)
{
    return overload_is_on(admission_overload(replay_worker()->commons->admission));
}

static void open_up_to(unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++)
        clients[i] = client_tcp_open(i);
}

static unsigned count_open(void)
{
    unsigned count = 0;

    for (unsigned i = 0; i < MANY; i++)
        count += clients[i] && !clients[i]->code_closed;
    return count;
}

static void start(const char *yaml)
{
    memset(clients, 0, sizeof clients);
    replay_start(yaml);
}

TEST(below, "up to three quarters of the connections may idle for all of their time")
{
    start(LISTEN UPSTREAM_TCP EIGHT);
    open_up_to(0, 6);
    advance(9900);
    CHECK_EQUAL(count_open(), 6);
    CHECK(!is_overload());
    advance(200);
    CHECK_EQUAL(count_open(), 0);
    CHECK_COUNTED(connections_idle, 6);
    replay_end();
}

TEST(above,
     "with more of them, idle ones go after a quarter of it until there is room for a good while")
{
    start(LISTEN UPSTREAM_TCP EIGHT);
    open_up_to(0, 6);
    advance(1 * SECONDS);
    open_up_to(6, 7);
    CHECK(is_overload());
    advance(1400);
    CHECK_EQUAL(count_open(), 7);
    advance(200); /* 2.6 s after the six came */
    CHECK_EQUAL(count_open(), 5);
    CHECK(!is_overload() && !clients[6]->code_closed);
    advance(7300); /* the others have all their time again */
    CHECK_EQUAL(count_open(), 5);
    advance(200);
    CHECK_EQUAL(count_open(), 1);
    CHECK_COUNTED(connections_idle, 6);
    replay_end();
}

TEST(begins_late, "who has idled for long already goes soon")
{
    start(LISTEN UPSTREAM_TCP EIGHT);
    open_up_to(0, 6);
    advance(6 * SECONDS);
    open_up_to(6, 7);
    advance(2400);
    CHECK_EQUAL(count_open(), 5);
    CHECK(!clients[6]->code_closed);
    replay_end();
}

TEST(busy_stay, "who waits for an answer is not idle, and is served")
{
    start(LISTEN UPSTREAM_TCP EIGHT);
    open_up_to(0, 8);
    for (unsigned i = 0; i < 6; i++)
        client_tcp_send(clients[i], 1, "slow.example");
    advance(2600);
    CHECK_EQUAL(count_open(), 6);
    CHECK(is_overload());
    upstream_serve(1);
    for (unsigned i = 0; i < 6; i++)
        client_tcp_expect_answer(clients[i], 1, "slow.example");
    replay_end();
}

TEST(hits_are_served, "what the cache knows is answered over all transports")
{
    start(LISTEN "upstream: [{url: tcp://198.51.100.1}]\n" EIGHT);
    client_udp_send(1, 1, "known.example");
    upstream_serve(1);
    client_udp_expect_answer(1, 1, "known.example");
    open_up_to(0, 8);
    CHECK(is_overload());
    client_udp_send(1, 2, "known.example");
    client_udp_expect_answer(1, 2, "known.example");
    client_tcp_send(clients[7], 3, "known.example");
    client_tcp_expect_answer(clients[7], 3, "known.example");
    replay_end();
}

TEST(waiting_counts, "many who wait are an overload, too, until they have been answered")
{
    start(LISTEN UPSTREAM_TCP ROOM("waiting: 8"));
    open_up_to(0, 1);
    crowd_asks(1, 6);
    CHECK(!is_overload());
    crowd_asks(7, 7);
    CHECK(is_overload());
    advance(2600);
    CHECK_EQUAL(count_open(), 0);
    upstream_serve(1);
    crowd_expects_answers(1, 7);
    CHECK(!is_overload());
    replay_end();
}

TEST(buffers_count, "and so is memory that clients have half filled")
{
    static const uint8_t most_of_it[40000] = { 0xff, 0xff };

    start(LISTEN UPSTREAM_TCP "limit: {tcp_buffers: 1MiB, tcp_connections_per_client: 100}\n");
    for (unsigned i = 0; i < 24 && !is_overload(); i++)
        client_tcp_send_bytes(client_tcp_open(10 + i), slice_of(most_of_it, sizeof most_of_it));
    CHECK(is_overload());
    open_up_to(0, 1);
    advance(2600);
    CHECK_EQUAL(count_open(), 0);
    advance(2600); /* half a message is not waited for */
    CHECK(!is_overload());
    CHECK_EQUAL(replay_bytes_held(), 0);
    replay_end();
}

TEST(denied, "who may not ask has its connection closed before a word is said")
{
    start(LISTEN UPSTREAM_TCP "limit: {mode: enforce, allow: [192.0.2.0/24], deny: [192.0.2.2]}\n");
    clients[0] = client_tcp_open(60000); /* 192.0.2.2 */
    CHECK(clients[0]->code_closed);
    CHECK_COUNTED(connections_denied, 1);
    CHECK_COUNTED(connections_accepted, 0);
    clients[1] = client_tcp_open(1);
    CHECK(!clients[1]->code_closed);
    replay_end();
}

TEST(denied_in_shadow, "in shadow mode it stays, and is counted")
{
    start(LISTEN UPSTREAM_TCP
          "limit: {mode: enforce, allow: [192.0.2.0/24], deny: [192.0.2.2], shadow: [access]}\n");
    clients[0] = client_tcp_open(60000);
    CHECK(!clients[0]->code_closed);
    CHECK_EQUAL(replay_worker()->policy.counts.rules[RULE_access].shadowed, 1);
    replay_end();
}

#define THREE_QUERIES "limit: {tcp_queries: 3}\n"

static void send_queries(struct socket *client, uint16_t from, uint16_t to)
{
    uint8_t bytes[1024];
    size_t len = 0;

    for (uint16_t id = from; id <= to; id++) {
        const struct said query = say_query(id, numbered(id, "many.example"));
        const struct said one = framed(said_slice(&query));

        memcpy(bytes + len, one.bytes, one.len);
        len += one.len;
    }
    client_tcp_send_bytes(client, slice_of(bytes, len));
}

static void expect_used_up(struct socket *client)
{
    struct heard heard;

    for (uint16_t id = 1; id <= 3; id++)
        client_tcp_expect_answer(client, id, numbered(id, "many.example"));
    CHECK(!client_tcp_hears(client, &heard));
    CHECK(client->code_finished && !client->code_closed);
    CHECK_COUNTED(queries_tcp, 3);
    CHECK_COUNTED(connections_used_up, 1);
}

TEST(used_up, "a connection that has had its queries is ended properly when all are answered")
{
    struct socket *client;

    start(LISTEN UPSTREAM_TCP THREE_QUERIES);
    client = client_tcp_open(1);
    send_queries(client, 1, 2);
    upstream_serve(1);
    CHECK(!client->code_finished);
    send_queries(client, 3, 3);
    CHECK(!client->code_finished);
    upstream_serve(1);
    expect_used_up(client);
    client_tcp_half_close(client);
    CHECK(client->code_closed);
    replay_end();
}

TEST(used_up_at_once,
     "what was sent beyond them is not answered, and whoever stays on is not waited for")
{
    struct socket *client;

    start(LISTEN UPSTREAM_TCP THREE_QUERIES);
    client = client_tcp_open(1);
    send_queries(client, 1, 5);
    upstream_serve(1);
    expect_used_up(client);
    send_queries(client, 6, 7);
    advance(1900);
    CHECK(!client->code_closed);
    advance(200);
    CHECK(client->code_closed);
    CHECK_COUNTED(queries_tcp, 3);
    replay_end();
}

TEST(used_up_half_said, "half a message behind them is not held against the client")
{
    const struct said query = say_query(9, "half.example");
    const struct said one = framed(said_slice(&query));
    struct socket *client, *to;
    struct asked asked[3];

    start(LISTEN UPSTREAM_TCP THREE_QUERIES "group: [{deadline: 20s, timeout: 10s}]\n");
    client = client_tcp_open(1);
    send_queries(client, 1, 3);
    client_tcp_send_bytes(client, slice_of(one.bytes, 5));
    to = upstream_expect_connection(1);
    for (unsigned i = 0; i < 3; i++)
        asked[i] = upstream_expect_query(to);
    advance(390); /* before anybody doubts the upstream */
    for (unsigned i = 0; i < 3; i++)
        upstream_answer(&asked[i]);
    expect_used_up(client);
    CHECK_COUNTED(connections_late, 0);
    client_tcp_close(client);
    replay_end();
}

TEST(used_up_by_http, "over HTTP/1.1 the last response says so")
{
    const struct said query = say_query(0, "www.example");
    char request[512], *text;
    struct socket *client;
    int len;

    start("listen: [{url: udp://203.0.113.53}, {url: http://203.0.113.53}]\n" UPSTREAM_TCP
          "limit: {tcp_queries: 2}\n");
    len = snprintf(request, sizeof request,
                   "POST /dns-query HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n"
                   "Content-Type: application/dns-message\r\n\r\n",
                   query.len);
    memcpy(request + len, query.bytes, query.len);
    client = client_tcp_open(1);
    for (unsigned i = 0; i < 2; i++) {
        CHECK(!client->code_finished);
        buffer_consume(&client->out, client->out.len, 0);
        client_tcp_send_bytes(client, slice_of(request, (size_t)len + query.len));
        upstream_serve(1);
        CHECK_EQUAL(buffer_append(&client->out, slice_of("", 1)), OK);
        text = (char *)(uintptr_t)buffer_slice(&client->out).data;
        CHECK(strstr(text, "HTTP/1.1 200"));
        CHECK_EQUAL(strstr(text, "connection: close") != NULL, i == 1);
    }
    CHECK(client->code_finished);
    client_tcp_close(client);
    replay_end();
}
