/* tests/replay/failover.c - upstreams that die, stay silent or come back. */
#include "replay/script.h"

#include <stdio.h>

#define MANY 500

static void ask_many(unsigned count)
{
    char name[32];

    for (unsigned i = 0; i < count; i++) {
        snprintf(name, sizeof name, "n%u.example", i);
        client_udp_send(i, (uint16_t)i, name);
    }
}

/* Each of `count` clients has its own answer and no other. */
static void expect_many(unsigned count)
{
    char name[32];
    bool seen[MANY] = { false };
    struct heard heard;
    unsigned client;

    for (unsigned i = 0; i < count; i++) {
        CHECK(client_udp_hears(&client, &heard));
        CHECK(client < count && !seen[client]);
        seen[client] = true;
        snprintf(name, sizeof name, "n%u.example", client);
        expect_answer(&heard, (uint16_t)client, name);
    }
    client_udp_expect_nothing();
}

static void answer_all(struct socket *to)
{
    struct asked asked;

    while (upstream_hears(to, &asked))
        upstream_answer(&asked);
}

/* A connection that has answered one question. */
static struct socket *used_connection(void)
{
    struct socket *to;
    struct asked asked;

    client_udp_send(59999, 1, "first.example");
    to = upstream_expect_connection(1);
    asked = upstream_expect_query(to);
    upstream_answer(&asked);
    client_udp_expect_answer(59999, 1, "first.example");
    return to;
}

TEST(used_connection_dies,
     "questions on a used connection that ends move to a fresh one, none lost")
{
    struct socket *to;

    replay_start(LISTEN UPSTREAM_TCP);
    to = used_connection();
    ask_many(MANY);
    upstream_close(to);
    CHECK(to->code_closed);
    client_udp_expect_nothing();
    answer_all(upstream_expect_connection(1));
    expect_many(MANY);
    CHECK_COUNTED(upstream_moved, MANY);
    CHECK_COUNTED(upstream_connections_lost, 1);
    CHECK_COUNTED(upstream_connections_failed, 0);
    CHECK_COUNTED(responses_servfail, 0);
    replay_end();
}

TEST(used_connection_is_reset, "a reset moves them as well, and what was answered stays answered")
{
    struct socket *to;
    struct asked asked;

    replay_start(LISTEN UPSTREAM_TCP);
    to = used_connection();
    ask_many(10);
    for (unsigned i = 0; i < 5; i++) {
        asked = upstream_expect_query(to);
        upstream_answer(&asked);
    }
    upstream_reset(to);
    answer_all(upstream_expect_connection(1));
    expect_many(10);
    CHECK_COUNTED(upstream_moved, 5);
    replay_end();
}

TEST(never_answered, "a connection that never answered pauses the upstream; the next one is asked")
{
    struct socket *to;
    struct asked asked;

    replay_start(LISTEN UPSTREAMS_TCP2);
    client_udp_send(1, 1, "a.example");
    to = upstream_expect_connection(1);
    (void)upstream_expect_query(to);
    upstream_close(to);
    upstream_expect_no_connection(1);
    to = upstream_expect_connection(2);
    asked = upstream_expect_query(to);
    upstream_answer(&asked);
    client_udp_expect_answer(1, 1, "a.example");
    client_udp_send(1, 2, "b.example");
    upstream_expect_no_connection(1);
    asked = upstream_expect_query(to);
    upstream_answer(&asked);
    client_udp_expect_answer(1, 2, "b.example");
    advance(110);
    client_udp_send(1, 3, "c.example");
    asked = upstream_expect_query(to);
    upstream_answer(&asked);
    client_udp_expect_answer(1, 3, "c.example"); /* nobody waits for the first one, */
    upstream_refuse(1);                          /* which is tried with a copy */
    CHECK_COUNTED(upstream_probes, 1);
    CHECK_COUNTED(upstream_connections_failed, 2);
    replay_end();
}

TEST(refused, "a refused connection costs no time: the next upstream is asked at once")
{
    struct socket *to;
    struct asked asked;
    const char *name = "quick.example";

    replay_start(LISTEN UPSTREAMS_TCP2);
    client_udp_send(1, 1, name);
    upstream_refuse(1);
    to = upstream_expect_connection(2);
    asked = upstream_expect_query(to);
    upstream_answer(&asked);
    client_udp_expect_answer(1, 1, name);
    CHECK_EQUAL(now_ms(), 0);
    replay_end();
}

TEST(silent_connection, "a silent connection is given up after two seconds, and never the question")
{
    struct socket *to, *fresh;
    struct asked asked;

    replay_start(LISTEN UPSTREAM_TCP);
    client_udp_send(1, 1, "a.example");
    to = upstream_expect_connection(1);
    (void)upstream_expect_query(to);
    advance(420);
    fresh = upstream_expect_connection(1);
    asked = upstream_expect_query(fresh);
    advance(1570);
    CHECK(!to->code_closed);
    advance(30);
    CHECK(to->code_closed && !fresh->code_closed);
    client_udp_expect_nothing();
    upstream_answer(&asked);
    client_udp_expect_answer(1, 1, "a.example");
    CHECK_COUNTED(responses_servfail, 0);
    replay_end();
}

/* Answers everything but `silent` for a while. */
static void keep_busy(struct socket *to, const char *silent, unsigned steps)
{
    struct asked asked;
    struct heard heard;
    unsigned client;

    for (unsigned i = 0; i < steps; i++) {
        client_udp_send(2, (uint16_t)i, "busy.example");
        while (upstream_hears(to, &asked))
            if (strcmp(asked.name, silent) != 0)
                upstream_answer(&asked);
        while (client_udp_hears(&client, &heard))
            CHECK_EQUAL(client, 2);
        advance(10);
    }
}

TEST(deadline, "a question ends after five seconds, whatever is answered beside it")
{
    struct socket *to;
    struct heard heard;

    replay_start(LISTEN UPSTREAM_TCP);
    to = used_connection();
    client_udp_send(1, 77, "silent.example");
    keep_busy(to, "silent.example.", 499);
    client_udp_expect_nothing();
    CHECK(!to->code_closed);
    CHECK_COUNTED(upstream_timeouts, 2); /* and so often it was asked again */
    advance(15);
    heard = client_udp_expect(1);
    expect_servfail(&heard, 77, EDE_NO_REACHABLE_AUTHORITY,
                    "no upstream gave a usable answer in time");
    CHECK(!to->code_closed);
    replay_end();
}

TEST(deadline_of_many, "no number of upstreams makes a question last longer than five seconds")
{
    struct heard heard;

    replay_start(LISTEN "upstream: [{url: tcp://198.51.100.1}, {url: tcp://198.51.100.2},"
                        "{url: tcp://198.51.100.3}, {url: tcp://198.51.100.4}]\n");
    client_udp_send(1, 77, "silent.example");
    advance(4990);
    client_udp_expect_nothing();
    advance(20);
    heard = client_udp_expect(1);
    expect_servfail(&heard, 77, EDE_NO_REACHABLE_AUTHORITY, "no upstream could be reached");
    CHECK_COUNTED(responses_servfail, 1);
    replay_end();
}

TEST(deadline_is_not_death,
     "a deadline soon after the question was sent tells nothing of its connection")
{
    struct socket *to;
    struct asked asked;

    replay_start(LISTEN UPSTREAM_TCP);
    to = used_connection();
    client_udp_send(1, 1, "slow.example");
    keep_busy(to, "slow.example.", 489);
    client_udp_send(1, 3, "third.example");
    asked = upstream_expect_query(to);
    CHECK_TEXT(asked.name, "third.example.");
    advance(150); /* the deadline of the first one, 1 s after it was sent anew */
    CHECK_EQUAL(client_udp_expect(1).rcode, RCODE_SERVFAIL);
    CHECK(!to->code_closed);
    upstream_answer(&asked);
    client_udp_expect_answer(1, 3, "third.example");
    CHECK_COUNTED(upstream_connections_opened, 1);
    replay_end();
}

TEST(deadline_ends_moves, "a question whose time is over is not moved: nobody is asked in its name")
{
    struct socket *to;
    struct asked asked;

    replay_start(LISTEN UPSTREAM_TCP "group: [{name: default, timeout: 5s, deadline: 5s}]\n");
    to = used_connection();
    advance(10);
    client_udp_send(1, 1, "one.example");
    client_udp_send(2, 2, "two.example");
    advance(4990); /* they wait for a second connection, besides */
    client_udp_expect_nothing();
    advance(20);
    (void)client_udp_expect(1);
    (void)client_udp_expect(2);
    while (!to->code_closed)
        advance(1);
    while (upstream_next_connection(1))
        CHECK(!upstream_hears(upstream_expect_connection(1), &asked));
    CHECK_COUNTED(upstream_queries, 3);
    replay_end();
}

static void refuse_all(void)
{
    while (upstream_next_connection(1))
        upstream_refuse(1);
}

/* How long it takes until the upstream is tried again, in steps of 5 ms. */
static uint64_t pause_ms(void)
{
    uint64_t begin = now_ms();
    struct heard heard;
    unsigned client;

    while (!upstream_next_connection(1)) {
        client_udp_send(1, 1, "again.example");
        advance(5);
        CHECK(now_ms() < begin + 3000);
    }
    while (client_udp_hears(&client, &heard))
        ;
    return now_ms() - begin;
}

TEST(pause_doubles, "the pause doubles up to half a second and is over with the first answer")
{
    static const uint64_t expected[] = { 100, 200, 400, 500, 500 };
    struct socket *to;
    struct asked asked;
    struct heard heard;
    unsigned client;

    replay_start(LISTEN UPSTREAM_TCP);
    client_udp_send(1, 1, "again.example");
    refuse_all();
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        uint64_t ms = pause_ms();

        CHECK(ms >= expected[i] && ms <= expected[i] + 15);
        refuse_all();
    }
    (void)pause_ms();
    to = upstream_expect_connection(1);
    while (upstream_hears(to, &asked))
        upstream_answer(&asked);
    while (client_udp_hears(&client, &heard))
        ;
    upstream_close(to);
    client_udp_send(1, 1, "again.example");
    refuse_all();
    CHECK(pause_ms() <= 115);
    to = upstream_expect_connection(1);
    while (upstream_hears(to, &asked))
        upstream_answer(&asked);
    advance(6000);
    while (client_udp_hears(&client, &heard))
        ;
    replay_end();
}

TEST(nobody_there, "while nobody can be reached it is tried again; the client is told in time")
{
    struct heard heard;

    replay_start(LISTEN UPSTREAM_TCP);
    client_udp_send(1, 9, "nobody.example");
    upstream_refuse_for(1, 4990);
    client_udp_expect_nothing();
    upstream_refuse_for(1, 20);
    heard = client_udp_expect(1);
    CHECK_COUNTED(upstream_connections_failed, 12); /* at 0, 0.1, 0.3, 0.7, 1.2, 1.7 ... s */
    expect_servfail(&heard, 9, EDE_NETWORK_ERROR, "no upstream could be reached");
    replay_end();
}

TEST(connection_cap, "however many questions wait, connections are never more than configured")
{
    struct asked asked;
    struct heard heard;
    struct socket *to;
    unsigned client;

    replay_start(LISTEN "upstream: [{url: tcp://198.51.100.1, connections: 3}]\n");
    for (unsigned i = 0; i < 5000; i++) {
        client_udp_send(i, (uint16_t)i, numbered(i, "cap.example"));
        CHECK(upstream_connections(1) <= 3);
    }
    CHECK_EQUAL(upstream_connections(1), 3);
    while ((to = upstream_next_connection(1)) != NULL) {
        upstream_accept(to);
        while (upstream_hears(to, &asked)) {
            upstream_answer(&asked);
            CHECK(upstream_connections(1) <= 3);
        }
    }
    for (unsigned i = 0; i < 5000; i++) {
        CHECK(client_udp_hears(&client, &heard));
        expect_answer(&heard, (uint16_t)client, numbered(client, "cap.example"));
    }
    CHECK_COUNTED(upstream_connections_opened, 3);
    replay_end();
}

TEST(five_hundred, "500 questions at once need one connection")
{
    replay_start(LISTEN UPSTREAM_TCP);
    ask_many(MANY);
    CHECK_EQUAL(upstream_connections(1), 1);
    answer_all(upstream_expect_connection(1));
    expect_many(MANY);
    CHECK_EQUAL(upstream_connections(1), 1);
    replay_end();
}
