/* tests/replay/routes.c - groups, and the names that are asked of them. */
#include "replay/script.h"

#define GROUPS                                                                                     \
    NO_CACHE "upstream: [{url: udp://198.51.100.1}, {url: udp://198.51.100.2, group: corp}]\n"     \
             "group: [{name: corp}]\n"
#define ROUTE "route: [{suffix: [corp.example], group: corp}]\n"

TEST(route_there, "a name below a routed suffix is asked of its group, and no other name is")
{
    struct asked corp, other;

    replay_start(LISTEN GROUPS ROUTE);
    client_udp_send(1, 1, "www.corp.example");
    corp = upstream_expect_datagram(2);
    client_udp_send(2, 2, "xcorp.example");
    other = upstream_expect_datagram(1);
    upstream_expect_nothing(1);
    upstream_expect_nothing(2);
    upstream_answer(&other);
    client_udp_expect_answer(2, 2, "xcorp.example");
    upstream_answer(&corp);
    client_udp_expect_answer(1, 1, "www.corp.example");
    replay_end();
}

TEST(route_keeps_to_its_group, "a question fails rather than that another group hears it")
{
    struct heard heard;

    replay_start(LISTEN GROUPS ROUTE);
    client_udp_send(1, 1, "www.corp.example");
    (void)upstream_expect_datagram(2);
    advance(6000);
    heard = client_udp_expect(1);
    CHECK_EQUAL(heard.rcode, RCODE_SERVFAIL);
    upstream_expect_nothing(1);
    replay_end();
}

TEST(route_reloaded, "a reload sends names elsewhere")
{
    struct asked asked;

    replay_start(LISTEN GROUPS ROUTE);
    CHECK_EQUAL(replay_reload(LISTEN GROUPS "route: [{suffix: [.], group: corp}]\n"), OK);
    client_udp_send(1, 1, "www.example");
    asked = upstream_expect_datagram(2);
    upstream_answer(&asked);
    client_udp_expect_answer(1, 1, "www.example");
    CHECK_EQUAL(replay_reload(LISTEN GROUPS), OK);
    client_udp_send(2, 2, "www.corp.example");
    asked = upstream_expect_datagram(1);
    upstream_answer(&asked);
    client_udp_expect_answer(2, 2, "www.corp.example");
    replay_end();
}
