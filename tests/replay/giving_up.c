/* tests/replay/giving_up.c - a question is given up in whatever it is just now, and nothing is left
 * of it. */
#include "replay/crowd.h"
#include "replay/stand.h"

#include "policy/state.h"
#include "worker/worker.h"

#include <stdio.h>

TEST(hedged, "a question that two upstreams were asked is taken back from both")
{
    struct asked first, second;

    replay_start(LISTEN UPSTREAMS_TCP2 ROOM("waiting: 1"));
    client_udp_send(1, 1, "slow.example");
    first = upstream_expect_any(1);
    advance(110);
    second = upstream_expect_any(2);
    CHECK_COUNTED(upstream_hedges, 1);
    client_udp_send(2, 2, "next.example");
    crowd_expects_truncated(1, 1);
    crowd_is(1, 1);
    upstream_answer(&first);
    upstream_answer(&second);
    client_udp_expect_nothing();
    CHECK_COUNTED(upstream_late_answers, 2);
    CHECK_COUNTED(upstream_wrong_answers, 0);
    first = upstream_expect_any(1);
    upstream_answer(&first);
    client_udp_expect_answer(2, 2, "next.example");
    crowd_is(0, 0);
    replay_end();
}

TEST(retried, "so is one that has been refused here, is asked there, or waits for a connection")
{
    struct asked asked;

    replay_start(LISTEN UPSTREAMS_TCP2 ROOM("waiting: 1"));
    client_udp_send(1, 1, "retried.example");
    asked = upstream_expect_any(1);
    upstream_fail(&asked, RCODE_SERVFAIL); /* is kept */
    asked = upstream_expect_any(2);
    client_udp_send(2, 2, "second.example");
    crowd_expects_truncated(1, 1);
    upstream_answer(&asked);
    client_udp_expect_nothing();
    (void)upstream_expect_any(1);
    upstream_reset(upstream_any_connection(1)); /* it moves to a connection that is not there yet */
    client_udp_send(3, 3, "third.example");
    crowd_expects_truncated(2, 2);
    crowd_is(1, 1);
    upstream_serve(1);
    upstream_serve(2);
    client_udp_expect_answer(3, 3, "third.example");
    crowd_is(0, 0);
    replay_end();
}

TEST(benched, "so is one that nobody can be asked yet")
{
    unsigned who;
    struct heard heard;

    replay_start(LISTEN UPSTREAM_TCP ROOM("waiting: 1"));
    client_udp_send(1, 1, "first.example");
    upstream_refuse(1); /* and the next try is due in a while */
    client_udp_send(2, 2, "second.example");
    crowd_expects_truncated(1, 1);
    crowd_is(1, 1);
    upstream_refuse_for(1, 5100);
    CHECK(client_udp_hears(&who, &heard));
    CHECK_EQUAL(who, 2);
    CHECK_EQUAL(heard.rcode, RCODE_SERVFAIL);
    crowd_is(0, 0);
    replay_end();
}

TEST(retired, "a retired configuration ends with its last question, also when that is given up")
{
    struct socket *before;

    replay_start(LISTEN UPSTREAM_TCP ROOM("waiting: 2"));
    crowd_asks(1, 2);
    before = upstream_expect_connection(1);
    CHECK_EQUAL(
        replay_reload(LISTEN NO_CACHE "upstream: [{url: tcp://198.51.100.2}]\n" ROOM("waiting: 2")),
        OK);
    crowd_asks(3, 3);
    crowd_expects_truncated(1, 1);
    CHECK(!before->code_closed);
    crowd_asks(4, 4);
    crowd_expects_truncated(2, 2);
    CHECK(before->code_closed);
    crowd_is(2, 2);
    upstream_serve(2);
    crowd_expects_answers(3, 4);
    replay_end();
}

#define WITH_HTTP "listen: [{url: udp://203.0.113.53}, {url: http://203.0.113.53}]\n"

/* Two POSTs (HTTP/1.1), the second sent ahead: its response comes when the first has got its own.
 */
static void send_ahead(struct socket *client, const char *first, const char *second)
{
    uint8_t bytes[1024];
    size_t len = 0;

    for (unsigned i = 0; i < 2; i++) {
        const struct said query = say_query(0, i == 0 ? first : second);

        len += (size_t)snprintf((char *)bytes + len, sizeof bytes - len,
                                "POST /dns-query HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n"
                                "Content-Type: application/dns-message\r\n\r\n",
                                query.len);
        memcpy(bytes + len, query.bytes, query.len);
        len += query.len;
    }
    client_tcp_send_bytes(client, slice_of(bytes, len));
}

static unsigned count_responses(const struct socket *s)
{
    struct slice out = buffer_slice(&s->out);
    unsigned count = 0;

    for (size_t i = 0; i + 12 <= out.len; i++)
        count += memcmp(out.data + i, "HTTP/1.1 200", 12) == 0;
    return count;
}

/* As if other workers had filled the room, or emptied it. */
static void others_wait(int count)
{
    atomic_fetch_add(&replay_worker()->policy.state->waiting_all, (size_t)count);
}

/* The first of two requests is answered together with three who joined it; in that moment the
 * second is asked. */
TEST(asked_while_told, "a request that was sent ahead pushes out those who are about to be told")
{
    struct socket *client, *to;
    struct asked asked;

    replay_start(WITH_HTTP UPSTREAM_TCP ROOM("waiting: 9"));
    client = client_tcp_open(1);
    send_ahead(client, "same.example", "next.example");
    for (uint16_t id = 1; id <= 3; id++)
        client_udp_send(id, id, "same.example");
    crowd_is(4, 1);
    to = upstream_expect_connection(1);
    asked = upstream_expect_query(to);
    others_wait(9);
    upstream_answer(&asked);
    others_wait(-9);
    crowd_expects_truncated(1, 1);
    client_udp_expect_answer(2, 2, "same.example");
    client_udp_expect_answer(3, 3, "same.example");
    crowd_is(1, 1);
    CHECK_EQUAL(count_responses(client), 1);
    asked = upstream_expect_query(to);
    CHECK_TEXT(asked.name, "next.example.");
    upstream_answer(&asked);
    CHECK_EQUAL(count_responses(client), 2);
    crowd_is(0, 0);
    client_tcp_close(client);
    replay_end();
}

TEST(last_while_told, "also the last of them")
{
    struct socket *client, *to;
    struct asked asked;

    replay_start(WITH_HTTP UPSTREAM_TCP ROOM("waiting: 9"));
    client = client_tcp_open(1);
    send_ahead(client, "same.example", "next.example");
    client_udp_send(1, 1, "same.example");
    to = upstream_expect_connection(1);
    asked = upstream_expect_query(to);
    others_wait(9);
    upstream_answer(&asked);
    others_wait(-9);
    crowd_expects_truncated(1, 1);
    crowd_is(1, 1);
    upstream_serve(1);
    CHECK_EQUAL(count_responses(client), 2);
    client_tcp_close(client);
    replay_end();
}

TEST(beside_while_told, "and one whose question is on the same connection, which goes on")
{
    struct socket *client, *to;
    struct asked same, beside;

    replay_start(WITH_HTTP UPSTREAM_TCP ROOM("waiting: 9"));
    client_udp_send(7, 7, "beside.example");
    client = client_tcp_open(1);
    send_ahead(client, "same.example", "next.example");
    client_udp_send(1, 1, "same.example");
    to = upstream_expect_connection(1);
    beside = upstream_expect_query(to);
    same = upstream_expect_query(to);
    others_wait(9);
    upstream_answer(&same);
    others_wait(-9);
    crowd_expects_truncated(7, 7);
    client_udp_expect_answer(1, 1, "same.example");
    crowd_is(1, 1);
    upstream_answer(&beside);
    CHECK_COUNTED(upstream_late_answers, 1);
    upstream_serve(1);
    CHECK_EQUAL(count_responses(client), 2);
    client_tcp_close(client);
    replay_end();
}

TEST(retired_while_told, "and the last one of a configuration that is no longer in force")
{
    struct socket *client, *to;
    struct asked same;

    replay_start(WITH_HTTP UPSTREAM_TCP ROOM("waiting: 9"));
    client_udp_send(7, 7, "beside.example");
    client = client_tcp_open(1);
    send_ahead(client, "same.example", "next.example");
    to = upstream_expect_connection(1);
    (void)upstream_expect_query(to);
    same = upstream_expect_query(to);
    CHECK_EQUAL(replay_reload(WITH_HTTP UPSTREAM_TCP ROOM("waiting: 1")), OK);
    CHECK(!to->code_closed);
    upstream_answer(&same);
    crowd_expects_truncated(7, 7);
    CHECK(to->code_closed);
    crowd_is(1, 1);
    upstream_serve(1);
    CHECK_EQUAL(count_responses(client), 2);
    client_tcp_close(client);
    replay_end();
}

TEST(dead_is_noticed,
     "that an upstream is dead is noticed though no question waits for its answer long")
{
    struct seen seen;

    stand_start(LISTEN UPSTREAMS_TCP2 ROOM("waiting: 4"));
    stand_run(1000, 5);
    CHECK_EQUAL(stand_looks().truncated, 0);
    stand_sets(1, SILENT, 0);
    stand_run(2000, 5); /* each is pushed out after 20 ms */
    CHECK(stand_looks().truncated > 0);
    stand_run(1000, 5);
    seen = stand_looks();
    CHECK_EQUAL(seen.truncated, 0);
    CHECK_EQUAL(seen.answered, 200);
    stand_end();
}

TEST(slow_is_not_dead, "and that one is slow is no reason to leave it")
{
    stand_start(LISTEN NO_CACHE
                "upstream: [{url: tcp://198.51.100.1}, {url: tcp://198.51.100.2}]\n"
                "group: [{name: default, policy: failover, hedge: off}]\n" ROOM("waiting: 8"));
    stand_sets(1, WELL, 60);
    stand_run(3000, 10);
    CHECK_EQUAL(stand_looks().heard[2], 0);
    CHECK_COUNTED(upstream_connections_silent, 0);
    stand_end();
}

#define ONE_CONNECTION                                                                             \
    NO_CACHE "upstream: [{url: tcp://198.51.100.1, connections: 1}]\n"                             \
             "group: [{timeout: 20s, deadline: 30s}]\n"
#define MANY ROOM("waiting_per_domain: 50000")

#define LADEN 768 /* questions: three quarters of what one connection carries */

TEST(laden, "before a connection carries no more, the oldest question makes room for who comes")
{
    struct socket *to;
    struct asked asked;

    replay_start(LISTEN ONE_CONNECTION MANY);
    crowd_asks(1, LADEN);
    to = upstream_expect_connection(1);
    while (upstream_hears(to, &asked))
        ; /* and says nothing */
    client_udp_expect_nothing();
    crowd_asks(LADEN + 1, LADEN + 1);
    crowd_expects_truncated(1, 1);
    asked = upstream_expect_query(to);
    upstream_answer(&asked);
    crowd_expects_answers(LADEN + 1, LADEN + 1);
    crowd_asks(LADEN + 2, LADEN + 2);
    client_udp_expect_nothing();
    CHECK_COUNTED(upstream_given_up, 1);
    CHECK_EQUAL(replay_worker()->policy.counts.rules[RULE_waiting].enforced, 1);
    replay_stop();
    advance(5030);
    replay_end();
}

TEST(laden_with_proven,
     "where all are proven who comes is asked for all the same, and then has to wait")
{
    struct socket *clients[3], *to;
    struct asked asked, first;

    replay_start(LISTEN ONE_CONNECTION MANY);
    for (unsigned c = 0; c < 3; c++)
        clients[c] = client_tcp_open(c);
    for (unsigned n = 0; n < 1024; n++)
        client_tcp_send(clients[n / 500], (uint16_t)n, numbered(n, "proven.example"));
    to = upstream_expect_connection(1);
    first = upstream_expect_query(to);
    while (upstream_hears(to, &asked))
        ;
    client_udp_send(9, 9, "waits.example");
    CHECK(!upstream_hears(to, &asked));
    client_udp_expect_nothing();
    upstream_answer(&first);
    asked = upstream_expect_query(to);
    CHECK_TEXT(asked.name, "waits.example.");
    CHECK_COUNTED(upstream_given_up, 0);
    replay_stop();
    advance(5030);
    replay_end();
}

TEST(place_of_given_up, "whose question could not be sent has the place of one that is given up")
{
    struct socket *client, *other, *to;
    struct asked asked;

    replay_start(LISTEN ONE_CONNECTION ROOM("waiting_per_domain: 50000, waiting: 1025"));
    crowd_asks(1, 1);
    client = client_tcp_open(1);
    other = client_tcp_open(2);
    for (unsigned n = 0; n < 512; n++)
        client_tcp_send(client, (uint16_t)n, numbered(n, "one.example"));
    for (unsigned n = 0; n < 511; n++)
        client_tcp_send(other, (uint16_t)n, numbered(n, "other.example"));
    crowd_expects_truncated(1, 1); /* as soon as it was laden */
    to = upstream_expect_connection(1);
    while (upstream_hears(to, &asked))
        ;
    crowd_asks(2, 3); /* one has the last place, and then the other has it */
    crowd_expects_truncated(2, 2);
    (void)upstream_expect_query(to);
    asked = upstream_expect_query(to);
    CHECK_TEXT(asked.name, "n3.crowd.example.");
    replay_stop();
    advance(5030);
    replay_end();
}

TEST(away_for_a_moment,
     "while an upstream is away for a moment nobody has to go for want of a connection")
{
    unsigned who, heard_of = 0;
    struct heard heard;

    replay_start(LISTEN UPSTREAM_TCP MANY);
    client_udp_send(1, 1, "first.example");
    upstream_serve(1);
    client_udp_expect_answer(1, 1, "first.example");
    upstream_reset(upstream_any_connection(1));
    crowd_asks(2, 1000);
    upstream_refuse_for(1, 1000);
    client_udp_expect_nothing();
    CHECK_COUNTED(upstream_given_up, 0);
    upstream_refuse_for(1, 5010);
    while (client_udp_hears(&who, &heard))
        heard_of += heard.rcode == RCODE_SERVFAIL;
    CHECK_EQUAL(heard_of, 999);
    replay_end();
}
