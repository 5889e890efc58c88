/* tests/replay/forgery.c - responses that answer no question of ours. */
#include "replay/script.h"

static struct asked ask_over_tcp(void)
{
    struct socket *to;

    replay_start(LISTEN UPSTREAM_TCP);
    client_udp_send(1, 7, "real.example");
    to = upstream_expect_connection(1);
    return upstream_expect_query(to);
}

static struct asked ask_over_udp(void)
{
    replay_start(LISTEN UPSTREAM_UDP);
    client_udp_send(1, 7, "real.example");
    return upstream_expect_datagram(1);
}

static struct asked other_question(const struct asked *asked)
{
    const struct said said = say_query(asked->id, "forged.example");
    struct asked other;

    CHECK(hear_query(said_slice(&said), &other));
    other.on = asked->on;
    return other;
}

static void lie(const struct asked *asked)
{
    struct asked wrong = *asked;
    struct said said = say_answer(asked, 0);

    wrong.id ^= 1;
    upstream_answer(&wrong);
    wrong = other_question(asked);
    upstream_answer(&wrong);
    wrong = *asked;
    wrong.question.qtype = TYPE_NS;
    upstream_answer(&wrong);
    said.len -= 2; /* the record is cut off */
    upstream_say(asked->on, said_slice(&said));
    upstream_say(asked->on, slice_of(said.bytes, 12));
    upstream_say(asked->on, slice_of(said.bytes, 1));
    upstream_say(asked->on, (struct slice){ 0 });
    client_udp_expect_nothing();
    CHECK(!asked->on->code_closed);
}

static void expect_the_right_one(const struct asked *asked)
{
    upstream_answer(asked);
    client_udp_expect_answer(1, 7, "real.example");
    CHECK_COUNTED(upstream_answers, 1);
    CHECK_COUNTED(upstream_queries, 1);
    CHECK(counted(METRIC_upstream_wrong_answers) >= 3);
    CHECK(counted(METRIC_upstream_malformed_answers) >= 2);
    replay_end();
}

TEST(lies_over_tcp, "a wrong id, a wrong question and a broken message are ignored over TCP")
{
    const struct asked asked = ask_over_tcp();

    lie(&asked);
    expect_the_right_one(&asked);
}

TEST(lies_over_udp, "and over UDP, where the right one is awaited all the same")
{
    const struct asked asked = ask_over_udp();

    lie(&asked);
    expect_the_right_one(&asked);
}

TEST(a_query_is_no_answer, "our own query sent back is no answer")
{
    const struct asked asked = ask_over_udp();
    const struct said echo = say_query(asked.id, "real.example");

    upstream_say(asked.on, said_slice(&echo));
    client_udp_expect_nothing();
    CHECK_COUNTED(upstream_malformed_answers, 1);
    upstream_answer(&asked);
    client_udp_expect_answer(1, 7, "real.example");
    replay_end();
}

TEST(duplicates, "an answer that comes ten times is passed on once")
{
    const struct asked asked = ask_over_tcp();

    for (unsigned i = 0; i < 10; i++)
        upstream_answer(&asked);
    client_udp_expect_answer(1, 7, "real.example");
    client_udp_expect_nothing();
    CHECK_COUNTED(upstream_late_answers, 9);
    CHECK_COUNTED(upstream_wrong_answers, 0);
    replay_end();
}

TEST(flood, "a flood of wrong answers changes nothing: the right one is still taken")
{
    const struct asked asked = ask_over_udp();
    struct asked wrong = asked;

    for (unsigned i = 1; i < 5000; i++) {
        wrong.id = (uint16_t)(asked.id + i);
        upstream_answer(&wrong);
    }
    CHECK_COUNTED(upstream_wrong_answers, 4999);
    CHECK_EQUAL(upstream_connections(1), 1);
    upstream_answer(&asked);
    client_udp_expect_answer(1, 7, "real.example");
    replay_end();
}

TEST(flood_does_not_prolong, "and it does not keep a question alive: it ends at its deadline")
{
    const struct asked asked = ask_over_udp();
    struct asked wrong = asked;
    struct heard heard;

    for (unsigned i = 1; i <= 501; i++) {
        client_udp_expect_nothing();
        wrong.id = (uint16_t)(asked.id + i);
        upstream_answer(&wrong);
        advance(10);
    }
    heard = client_udp_expect(1);
    CHECK_EQUAL(heard.rcode, RCODE_SERVFAIL);
    replay_end();
}

TEST(too_late, "an answer that comes after its question was given up is no answer")
{
    const struct asked asked = ask_over_tcp();
    struct heard heard;

    advance(5100);
    heard = client_udp_expect(1);
    CHECK_EQUAL(heard.rcode, RCODE_SERVFAIL);
    upstream_answer(&asked);
    client_udp_expect_nothing();
    replay_end();
}
