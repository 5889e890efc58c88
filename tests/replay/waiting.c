/* tests/replay/waiting.c - more questions than may wait: who has to go. */
#include "replay/crowd.h"

#include "worker/worker.h"

#define OTHER_HOST 60000 /* the first client of another address */
#define ALL_FULL   "too many questions wait; the cache alone answers"
#define ONE_FULL   "too many questions of this client wait; the cache alone answers"

static const struct policy_tally *tally(void)
{
    return &replay_worker()->policy.counts.rules[RULE_waiting];
}

TEST(oldest_goes, "when all places are taken the oldest question goes, and its client to TCP")
{
    struct asked first, second, asked;
    struct socket *to;

    replay_start(LISTEN UPSTREAM_TCP THREE);
    crowd_asks(1, 3);
    crowd_is(3, 3);
    client_udp_expect_nothing();
    crowd_asks(4, 4);
    crowd_expects_truncated(1, 1);
    crowd_is(3, 3);
    CHECK_EQUAL(tally()->enforced, 1);
    CHECK_COUNTED(upstream_given_up, 1);
    crowd_asks(5, 5);
    crowd_expects_truncated(2, 2);
    to = upstream_expect_connection(1);
    asked = upstream_expect_query(to); /* what was given up before that has not been sent */
    CHECK_TEXT(asked.name, "n3.crowd.example.");
    upstream_answer(&asked);
    crowd_expects_answers(3, 3);
    crowd_is(2, 2);
    crowd_asks(6, 7);
    crowd_expects_truncated(4, 4);
    first = upstream_expect_query(to);
    CHECK_TEXT(first.name, "n4.crowd.example.");
    upstream_answer(&first);
    CHECK_COUNTED(upstream_late_answers, 1);
    client_udp_expect_nothing();
    for (unsigned n = 5; n <= 7; n++) {
        second = upstream_expect_query(to);
        upstream_answer(&second);
        client_udp_expect_answer(n, (uint16_t)n, numbered(n, "crowd.example"));
    }
    crowd_is(0, 0);
    CHECK_COUNTED(upstream_wrong_answers, 0);
    replay_end();
}

TEST(room_of_any_size, "a thousand questions too many leave as many behind as there may be")
{
    unsigned who, truncated = 0;
    struct heard heard;

    replay_start(LISTEN UPSTREAM_TCP ROOM("waiting: 10"));
    crowd_asks(1, 1010);
    while (client_udp_hears(&who, &heard)) {
        truncated++;
        CHECK_EQUAL(who, truncated);
        CHECK(heard.flags & DNS_TC);
    }
    CHECK_EQUAL(truncated, 1000);
    CHECK_EQUAL(tally()->enforced, 1000);
    crowd_is(10, 10);
    advance(5010); /* the deadline of those that are left */
    crowd_is(0, 0);
    while (client_udp_hears(&who, &heard))
        CHECK_EQUAL(heard.rcode, RCODE_SERVFAIL);
    replay_end();
}

TEST(proven_stay, "who is proven stays; where nobody else waits the newcomer goes")
{
    struct socket *client, *other;
    struct heard heard;

    replay_start(LISTEN UPSTREAM_TCP THREE);
    client = client_tcp_open(1);
    for (uint16_t id = 1; id <= 3; id++)
        client_tcp_send(client, id, numbered(id, "proven.example"));
    client_udp_send(2, 4, "unproven.example");
    crowd_expects_truncated(2, 4);
    other = client_tcp_open(OTHER_HOST);
    client_tcp_send(other, 5, "late.example");
    heard = client_tcp_expect(other);
    expect_servfail(&heard, 5, EDE_OTHER, ALL_FULL);
    CHECK_EQUAL(tally()->enforced, 2);
    crowd_is(3, 3);
    upstream_serve(1);
    for (uint16_t id = 1; id <= 3; id++)
        client_tcp_expect_answer(client, id, numbered(id, "proven.example"));
    crowd_is(0, 0);
    client_tcp_close(client);
    client_tcp_close(other);
    replay_end();
}

TEST(makes_room_for_proven, "an unproven question makes room for a proven one, too")
{
    struct socket *client;

    replay_start(LISTEN UPSTREAM_TCP THREE);
    crowd_asks(1, 3);
    client = client_tcp_open(OTHER_HOST);
    client_tcp_send(client, 9, "proven.example");
    crowd_expects_truncated(1, 1);
    crowd_is(3, 3);
    upstream_serve(1);
    crowd_expects_answers(2, 3);
    client_tcp_expect_answer(client, 9, "proven.example");
    client_tcp_close(client);
    replay_end();
}

TEST(each_client, "one client has so many, proven and unproven apart; others are not concerned")
{
    struct socket *client;
    struct heard heard;

    replay_start(LISTEN UPSTREAM_TCP ROOM("waiting_per_client: 2"));
    crowd_asks(1, 3); /* of one address */
    crowd_expects_truncated(3, 3);
    client_udp_send(OTHER_HOST, 4, "other.example");
    client = client_tcp_open(4);
    for (uint16_t id = 5; id <= 7; id++)
        client_tcp_send(client, id, numbered(id, "proven.example"));
    heard = client_tcp_expect(client);
    expect_servfail(&heard, 7, EDE_OTHER, ONE_FULL);
    CHECK_EQUAL(tally()->enforced, 2);
    CHECK_EQUAL(replay_worker()->policy.counts.v4[32].enforced, 2);
    client_udp_expect_nothing();
    crowd_is(5, 5);
    upstream_serve(1);
    crowd_expects_answers(1, 2);
    client_udp_expect_answer(OTHER_HOST, 4, "other.example");
    client_tcp_expect_answer(client, 5, "n5.proven.example");
    client_tcp_expect_answer(client, 6, "n6.proven.example");
    crowd_asks(3, 3); /* there is room again */
    upstream_serve(1);
    crowd_expects_answers(3, 3);
    client_tcp_close(client);
    replay_end();
}

TEST(shadow, "in shadow mode it is counted, and everybody waits")
{
    replay_start(LISTEN UPSTREAM_TCP ROOM("waiting: 3, waiting_per_client: 5, shadow: [waiting]"));
    crowd_asks(1, 7);
    client_udp_expect_nothing();
    crowd_is(7, 7);
    CHECK_EQUAL(tally()->enforced, 0);
    CHECK_EQUAL(tally()->shadowed, 4); /* two are too many in all, and two more of this client */
    upstream_serve(1);
    crowd_expects_answers(1, 7);
    replay_end();
}

TEST(rule_goes_and_comes,
     "a reload may end the rule and bring it back: nobody is counted twice or for ever")
{
    replay_start(LISTEN UPSTREAM_TCP THREE);
    crowd_asks(1, 3);
    CHECK_EQUAL(replay_reload(LISTEN UPSTREAM_TCP "limit: {mode: off}\n"), OK);
    crowd_asks(4, 5);
    CHECK_EQUAL(crowd_size(), 3);
    upstream_serve(1);
    crowd_expects_answers(1, 5);
    CHECK_EQUAL(crowd_size(), 0);
    CHECK_EQUAL(replay_reload(LISTEN UPSTREAM_TCP THREE), OK);
    crowd_asks(6, 9);
    crowd_expects_truncated(6, 6);
    CHECK_EQUAL(crowd_size(), 3);
    upstream_serve(1);
    replay_end();
}

TEST(over_drop, "with over: drop nothing is sent to who goes")
{
    replay_start(LISTEN UPSTREAM_TCP ROOM("waiting: 3, over: drop"));
    crowd_asks(1, 5);
    client_udp_expect_nothing();
    CHECK_COUNTED(queries_dropped_policy, 2);
    crowd_is(3, 3);
    upstream_serve(1);
    replay_end();
}

TEST(cookie_comes_back, "who has cookies is told to come back with one, and is proven then")
{
    const struct said query =
        say_query_with_cookie(1, "www.example", slice_of("\1\2\3\4\5\6\7\x8", 8));
    struct said again;
    struct heard heard;

    replay_start(LISTEN UPSTREAM_TCP THREE);
    client_udp_send_bytes(1, said_slice(&query));
    crowd_asks(2, 4);
    heard = client_udp_expect(1);
    CHECK_EQUAL(heard.rcode, RCODE_BADCOOKIE);
    again = say_query_with_cookie(1, "www.example", slice_of(heard.cookie, heard.cookie_len));
    client_udp_send_bytes(1, said_slice(&again));
    crowd_expects_truncated(2, 2);
    crowd_asks(5, 6);
    crowd_expects_truncated(3, 3);
    crowd_expects_truncated(4, 4);
    upstream_serve(1);
    client_udp_expect_answer(1, 1, "www.example");
    replay_end();
}

TEST(others_wait_on, "who goes takes nothing from those who wait for the same answer")
{
    struct socket *client;

    replay_start(LISTEN UPSTREAM_TCP THREE);
    client_udp_send(1, 1, "same.example");
    client_udp_send(2, 2, "same.example");
    client = client_tcp_open(3);
    client_tcp_send(client, 3, "same.example");
    crowd_is(3, 1);
    crowd_asks(4, 5);
    crowd_expects_truncated(1, 1);
    crowd_expects_truncated(2, 2);
    crowd_is(3, 3);
    CHECK_COUNTED(upstream_given_up, 0);
    upstream_serve(1);
    client_tcp_expect_answer(client, 3, "same.example");
    crowd_expects_answers(4, 5);
    client_tcp_close(client);
    replay_end();
}

TEST(asks_anew, "who comes back for what was given up has it asked anew")
{
    struct asked given_up, asked;
    struct socket *to;

    replay_start(LISTEN UPSTREAM_TCP ROOM("waiting: 1"));
    client_udp_send(1, 1, "www.example");
    to = upstream_expect_connection(1);
    given_up = upstream_expect_query(to);
    client_udp_send(2, 2, "other.example");
    crowd_expects_truncated(1, 1);
    client_udp_send(1, 3, "www.example");
    crowd_expects_truncated(2, 2);
    (void)upstream_expect_query(to);
    asked = upstream_expect_query(to);
    upstream_answer(&given_up);
    client_udp_expect_nothing(); /* it was given up with its id */
    upstream_answer(&asked);
    client_udp_expect_answer(1, 3, "www.example");
    replay_end();
}

TEST(stale_was_given, "who was given an expired answer meanwhile is sent nothing more when it goes")
{
    struct socket *to;
    struct asked asked;
    struct heard heard;

    replay_start(LISTEN "upstream: [{url: tcp://198.51.100.1}]\n" ROOM("waiting: 1"));
    client_udp_send(1, 1, "www.example");
    to = upstream_expect_connection(1);
    asked = upstream_expect_query(to);
    upstream_answer(&asked);
    client_udp_expect_answer(1, 1, "www.example");
    advance(61 * 1000);
    client_udp_send(1, 2, "www.example");
    advance(1900);
    heard = client_udp_expect(1);
    expect_answer(&heard, 2, "www.example");
    CHECK_EQUAL(heard.ede, EDE_STALE_ANSWER);
    CHECK_EQUAL(crowd_size(), 1);
    client_udp_send(2, 3, "other.example");
    client_udp_expect_nothing();
    crowd_is(1, 1);
    upstream_serve(1);
    client_udp_expect_answer(2, 3, "other.example");
    replay_end();
}
