/* tests/replay/crowd.c - many clients who wait. */
#include "replay/crowd.h"

#include "upstream/set.h"
#include "worker/worker.h"

size_t crowd_size(void)
{
    return policy_state_waiting(replay_worker()->policy.state);
}

void crowd_is(size_t queries, size_t flights)
{
    const struct upstream_set *set = replay_worker()->upstreams;

    CHECK_EQUAL(replay_worker()->queries.used, queries);
    CHECK_EQUAL(crowd_size(), queries);
    CHECK_EQUAL(set->waiters.used, queries);
    CHECK_EQUAL(set->flights.used, flights);
}

void crowd_expects_truncated(unsigned client, uint16_t id)
{
    struct heard heard = client_udp_expect(client);

    CHECK_EQUAL(heard.id, id);
    CHECK_EQUAL(heard.rcode, RCODE_NOERROR);
    CHECK(heard.flags & DNS_TC);
}

void crowd_asks(unsigned from, unsigned to)
{
    for (unsigned n = from; n <= to; n++)
        client_udp_send(n, (uint16_t)n, numbered(n, "crowd.example"));
}

void crowd_expects_answers(unsigned from, unsigned to)
{
    for (unsigned n = from; n <= to; n++)
        client_udp_expect_answer(n, (uint16_t)n, numbered(n, "crowd.example"));
}
