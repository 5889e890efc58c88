/* tests/replay/conversation.c - questions and answers when nothing goes wrong. */
#include "replay/script.h"

TEST(udp_is_forwarded,
     "a query over UDP is forwarded in small letters and answered as it was asked")
{
    struct socket *to;
    struct asked asked;

    replay_start(LISTEN UPSTREAM_TCP);
    client_udp_send(1, 0x1234, "wWw.ExAmPlE");
    to = upstream_expect_connection(1);
    asked = upstream_expect_query(to);
    CHECK_TEXT(asked.name, "www.example.");
    CHECK(asked.flags & DNS_RD);
    client_udp_expect_nothing();
    upstream_answer(&asked);
    client_udp_expect_answer(1, 0x1234, "wWw.ExAmPlE");
    client_udp_expect_nothing();
    CHECK_COUNTED(queries_udp, 1);
    CHECK_COUNTED(responses_udp, 1);
    CHECK_COUNTED(upstream_queries, 1);
    CHECK_COUNTED(upstream_answers, 1);
    CHECK_COUNTED(upstream_connections_opened, 1);
    replay_end();
}

TEST(same_id_from_two, "two clients with the same id and question get an answer each, from one")
{
    struct socket *to;
    struct asked asked;

    replay_start(LISTEN UPSTREAM_TCP);
    client_udp_send(1, 7, "same.example");
    client_udp_send(2, 7, "SAME.example");
    to = upstream_expect_connection(1);
    asked = upstream_expect_query(to);
    CHECK_TEXT(asked.name, "same.example.");
    CHECK(!upstream_hears(to, &asked));
    upstream_answer(&asked);
    client_udp_expect_answer(1, 7, "same.example");
    client_udp_expect_answer(2, 7, "SAME.example");
    CHECK_COUNTED(upstream_joined, 1);
    replay_end();
}

TEST(thousand_equal, "a thousand equal questions at once make one upstream question")
{
    struct socket *to;
    struct asked asked;
    struct heard heard;
    unsigned client, answered = 0;

    replay_start(LISTEN UPSTREAM_TCP);
    for (unsigned i = 0; i < 1000; i++)
        client_udp_send(i, (uint16_t)(i * 7), "wanted.example");
    to = upstream_expect_connection(1);
    asked = upstream_expect_query(to);
    CHECK(!upstream_hears(to, &asked));
    upstream_answer(&asked);
    for (; client_udp_hears(&client, &heard); answered++)
        expect_answer(&heard, (uint16_t)(client * 7), "wanted.example");
    CHECK_EQUAL(answered, 1000);
    replay_end();
}

TEST(not_equal, "questions that differ in type or in DO are asked apart")
{
    static const uint8_t with_do[] = "\0\1\1\0\0\1\0\0\0\0\0\1\1a\0\0\1\0\1"
                                     "\0\0\x29\4\xd0\0\0\x80\0\0";
    static const uint8_t without[] = "\0\2\1\0\0\1\0\0\0\0\0\0\1a\0\0\1\0\1";
    static const uint8_t aaaa[] = "\0\3\1\0\0\1\0\0\0\0\0\0\1a\0\0\x1c\0\1";
    struct socket *to;
    struct asked asked;
    struct heard heard;
    unsigned client;

    replay_start(LISTEN UPSTREAM_TCP);
    client_udp_send_bytes(1, slice_of(with_do, sizeof with_do));
    client_udp_send_bytes(2, slice_of(without, sizeof without - 1));
    client_udp_send_bytes(3, slice_of(aaaa, sizeof aaaa - 1));
    to = upstream_expect_connection(1);
    for (unsigned i = 0; i < 3; i++)
        (void)upstream_expect_query(to);
    CHECK(!upstream_hears(to, &asked));
    advance(5100);
    while (client_udp_hears(&client, &heard))
        ;
    replay_end();
}

TEST(pipelined, "queries on one TCP connection are answered in the order their answers come")
{
    struct socket *client, *to;
    struct asked asked[3];

    replay_start(LISTEN UPSTREAM_TCP);
    client = client_tcp_open(1);
    client_tcp_send(client, 10, "a.example");
    client_tcp_send(client, 11, "b.example");
    client_tcp_send(client, 12, "c.example");
    to = upstream_expect_connection(1);
    for (unsigned i = 0; i < 3; i++)
        asked[i] = upstream_expect_query(to);
    upstream_answer(&asked[2]);
    client_tcp_expect_answer(client, 12, "c.example");
    upstream_answer(&asked[0]);
    client_tcp_expect_answer(client, 10, "a.example");
    upstream_answer(&asked[1]);
    client_tcp_expect_answer(client, 11, "b.example");
    client_tcp_close(client);
    CHECK(client->code_closed);
    CHECK_COUNTED(queries_tcp, 3);
    CHECK_COUNTED(responses_tcp, 3);
    replay_end();
}

TEST(half_closed, "a client that has finished sending still gets its answer, then the end")
{
    struct socket *client, *to;
    struct asked asked;

    replay_start(LISTEN UPSTREAM_TCP);
    client = client_tcp_open(1);
    client_tcp_send(client, 5, "late.example");
    client_tcp_half_close(client);
    CHECK(!client->code_closed);
    to = upstream_expect_connection(1);
    asked = upstream_expect_query(to);
    upstream_answer(&asked);
    client_tcp_expect_answer(client, 5, "late.example");
    CHECK(client->code_closed);
    replay_end();
}

TEST(client_is_gone, "an answer for a client that has gone is counted and goes nowhere")
{
    struct socket *client, *to;
    struct asked asked;

    replay_start(LISTEN UPSTREAM_TCP);
    client = client_tcp_open(1);
    client_tcp_send(client, 5, "gone.example");
    to = upstream_expect_connection(1);
    asked = upstream_expect_query(to);
    client_tcp_close(client);
    upstream_answer(&asked);
    CHECK_COUNTED(responses_gone, 1);
    CHECK_COUNTED(responses_tcp, 0);
    replay_end();
}

TEST(in_pieces, "messages that come in single bytes are whole in the end, both ways")
{
    const struct said query = say_query(3, "piece.example"),
                      framed_query = framed(said_slice(&query));
    struct said answer, framed_answer;
    struct socket *client, *to;
    struct asked asked;

    replay_start(LISTEN UPSTREAM_TCP);
    client = client_tcp_open(1);
    for (size_t i = 0; i < framed_query.len; i++)
        client_tcp_send_bytes(client, slice_of(framed_query.bytes + i, 1));
    to = upstream_expect_connection(1);
    asked = upstream_expect_query(to);
    answer = say_answer(&asked, 0);
    framed_answer = framed(said_slice(&answer));
    for (size_t i = 0; i < framed_answer.len; i++)
        client_tcp_send_bytes(to, slice_of(framed_answer.bytes + i, 1));
    client_tcp_expect_answer(client, 3, "piece.example");
    client_tcp_close(client);
    replay_end();
}

TEST(connection_is_shared, "questions share one connection, and idle time does not close it")
{
    struct socket *to;
    struct asked asked;

    replay_start(LISTEN UPSTREAM_TCP);
    client_udp_send(1, 1, "one.example");
    to = upstream_expect_connection(1);
    asked = upstream_expect_query(to);
    upstream_answer(&asked);
    client_udp_expect_answer(1, 1, "one.example");
    advance(60000);
    client_udp_send(1, 2, "two.example");
    asked = upstream_expect_query(to);
    upstream_answer(&asked);
    client_udp_expect_answer(1, 2, "two.example");
    CHECK_COUNTED(upstream_connections_opened, 1);
    replay_end();
}

TEST(nonsense_from_clients, "what is no query is dropped or told so, and nobody is asked")
{
    static const uint8_t response[12] = { 0, 1, 0x80 }, update[12] = { 0, 2, 0x28 };

    replay_start(LISTEN UPSTREAM_TCP);
    client_udp_send_bytes(1, slice_of("short", 5));
    client_udp_send_bytes(1, slice_of(response, sizeof response));
    client_udp_expect_nothing();
    CHECK_COUNTED(queries_dropped_short, 1);
    CHECK_COUNTED(queries_dropped_response, 1);
    client_udp_send_bytes(1, slice_of(update, sizeof update));
    CHECK_COUNTED(responses_notimp, 1);
    upstream_expect_nothing(1);
    replay_end();
}
