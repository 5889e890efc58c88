#include "upstream/server_view.h"
#include "base/clock.h"
#include "unit/test.h"
#include "upstream/roster.h"

#include <stdlib.h>

#define WORKERS 4

static struct server_stats stats[WORKERS];
static struct roster *roster;

/* A roster of one server that nobody has asked. */
static void begin(void)
{
    static struct group_rules groups[] = { { .name = "default" }, { .name = "inner" } };

    memset(stats, 0, sizeof stats);
    roster = calloc(1, sizeof *roster + sizeof roster->servers[0]);
    CHECK(roster != NULL);
    roster->workers = WORKERS;
    roster->group_count = 2;
    roster->groups = groups;
    roster->count = 1;
    roster->servers[0].url = "tls://192.0.2.1";
    roster->servers[0].group = 1;
    roster->servers[0].stats = stats;
}

static struct server_view view(void)
{
    struct server_view v;

    server_view_read(&v, roster, 0);
    return v;
}

static void check_state(const char *expected)
{
    struct server_view v = view();
    char text[SERVER_VIEW_STATE_MAX];

    CHECK_TEXT(server_view_state(&v, text), expected);
}

static void end(void)
{
    free(roster);
    roster = NULL;
}

static void all_are(enum server_state state)
{
    for (size_t i = 0; i < WORKERS; i++)
        server_is(&stats[i], state, NS_PER_S);
}

TEST(view_of_nothing, "a server that nobody has asked is untried, since ever and for no reason")
{
    struct server_view v;

    begin();
    v = view();
    CHECK_TEXT(v.url, "tls://192.0.2.1");
    CHECK_TEXT(v.group, "inner");
    CHECK_EQUAL(v.state, SERVER_IS_UNTRIED);
    CHECK_EQUAL(v.changed_ns, 0);
    CHECK(v.reason == NULL);
    check_state("untried");
    end();
}

TEST(view_sums, "what the workers have counted is summed")
{
    struct server_view v;

    begin();
    for (size_t i = 0; i < WORKERS; i++) {
        for (size_t j = 0; j <= i; j++)
            server_counts(&stats[i], SERVER_queries);
        server_counts(&stats[i], SERVER_failed_answer);
        server_took(&stats[i], PHASE_ANSWER, i * NS_PER_MS);
        stats[i].connections = 2;
        stats[i].in_flight = (uint32_t)i;
    }
    v = view();
    CHECK_EQUAL(v.counts[SERVER_queries], 1 + 2 + 3 + 4);
    CHECK_EQUAL(v.counts[SERVER_failed_answer], 4);
    CHECK_EQUAL(v.counts[SERVER_answers], 0);
    CHECK_EQUAL(v.connections, 8);
    CHECK_EQUAL(v.in_flight, 0 + 1 + 2 + 3);
    CHECK_EQUAL(v.phases[PHASE_ANSWER].count, 4);
    CHECK_EQUAL(v.phases[PHASE_ANSWER].sum_ns, 6 * NS_PER_MS);
    CHECK_EQUAL(v.phases[PHASE_CONNECT].count, 0);
    end();
}

TEST(view_shows_the_worst, "the worst state of all workers is shown, and in how many it is that")
{
    struct server_view v;

    begin();
    all_are(SERVER_IS_UP);
    check_state("up");
    server_is_worse(&stats[2], SERVER_IS_SUSPECT, PHASE_ANSWER, "silence", 2 * NS_PER_S);
    check_state("suspect in 1 of 4 workers");
    server_is_worse(&stats[1], SERVER_IS_DOWN, PHASE_CONNECT, "refused", 3 * NS_PER_S);
    check_state("down in 1 of 4 workers");
    v = view();
    CHECK_TEXT(v.reason, "refused");
    CHECK_EQUAL(v.phase, PHASE_CONNECT);
    CHECK_EQUAL(v.changed_ns, 3 * NS_PER_S);
    all_are(SERVER_IS_DOWN);
    check_state("down");
    all_are(SERVER_IS_UNKNOWN);
    check_state("unknown address");
    end();
}

TEST(view_untried_elsewhere, "up is up, also when most workers have not asked it yet")
{
    begin();
    server_is(&stats[3], SERVER_IS_UP, NS_PER_S);
    check_state("up");
    server_is_worse(&stats[0], SERVER_IS_DOWN, PHASE_HANDSHAKE, "expired", NS_PER_S);
    check_state("down in 1 of 4 workers");
    end();
}

TEST(view_longest, "the worker that has been in it longest tells why and since when")
{
    struct server_view v;

    begin();
    server_is_worse(&stats[0], SERVER_IS_DOWN, PHASE_CONNECT, "later", 9 * NS_PER_S);
    server_is_worse(&stats[1], SERVER_IS_DOWN, PHASE_HANDSHAKE, "first", 5 * NS_PER_S);
    server_is_worse(&stats[2], SERVER_IS_DOWN, PHASE_CONNECT, "last", 7 * NS_PER_S);
    server_is(&stats[3], SERVER_IS_UP, NS_PER_S);
    v = view();
    CHECK_EQUAL(v.workers_in_state, 3);
    CHECK_EQUAL(v.changed_ns, 5 * NS_PER_S);
    CHECK_EQUAL(v.phase, PHASE_HANDSHAKE);
    CHECK_TEXT(v.reason, "first");
    end();
}

TEST(view_of_one_that_is_back, "a server that is back has no reason any more")
{
    struct server_view v;

    begin();
    all_are(SERVER_IS_DOWN);
    server_is_worse(&stats[0], SERVER_IS_DOWN, PHASE_ANSWER, "closed", 2 * NS_PER_S);
    all_are(SERVER_IS_UP);
    v = view();
    CHECK_EQUAL(v.state, SERVER_IS_UP);
    CHECK(v.reason == NULL);
    end();
}

TEST(state_keeps_its_age,
     "a state that is told again is as old as it was, but knows the new reason")
{
    struct server_view v;

    begin();
    server_is_worse(&stats[0], SERVER_IS_DOWN, PHASE_CONNECT, "refused", 2 * NS_PER_S);
    server_is_worse(&stats[0], SERVER_IS_DOWN, PHASE_HANDSHAKE, "expired", 5 * NS_PER_S);
    v = view();
    CHECK_EQUAL(v.changed_ns, 2 * NS_PER_S);
    CHECK_TEXT(v.reason, "expired");
    CHECK_EQUAL(v.phase, PHASE_HANDSHAKE);
    end();
}

TEST(names_of_all, "each state and each count has a name")
{
    for (unsigned i = 0; i <= SERVER_IS_UNKNOWN; i++)
        CHECK(server_state_name((enum server_state)i)[0] != 0);
    for (unsigned i = 0; i < SERVER_COUNTS; i++)
        CHECK(server_count_name((enum server_count)i)[0] != 0);
    CHECK_TEXT(server_count_name(SERVER_queries), "queries");
    CHECK_TEXT(server_count_name(SERVER_failed_answer), "failed_answer");
}

static bool is_up(void)
{
    struct server_view v = view();

    return server_view_is_up(&v);
}

TEST(view_is_up, "a server is up until every worker that has tried it says that it is not")
{
    begin();
    CHECK(is_up());
    server_is(&stats[0], SERVER_IS_DOWN, NS_PER_S);
    CHECK(!is_up());
    server_is(&stats[1], SERVER_IS_UP, NS_PER_S);
    CHECK(is_up());
    server_is(&stats[1], SERVER_IS_UNKNOWN, NS_PER_S);
    CHECK(!is_up());
    server_is(&stats[2], SERVER_IS_SUSPECT, NS_PER_S);
    CHECK(is_up());
    CHECK_EQUAL(view().workers_by_state[SERVER_IS_UNTRIED], 1);
    CHECK_EQUAL(view().workers_by_state[SERVER_IS_DOWN], 1);
    end();
}
