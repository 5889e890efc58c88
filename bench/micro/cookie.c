/* bench/micro/cookie.c - what the doorman's look at a query costs, with cookies of all kinds.
 *
 *     bench_cookie [QUERIES]
 */
#include "base/clock.h"
#include "command/sections.h"
#include "config/config.h"
#include "policy/policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ROUNDS 9 /* the best counts: the machine has other work */

static struct policy *policy;
static struct policy_desk desk;
static struct query query;

static void open_desk(const char *yaml)
{
    const struct config_source source = { .file = "bench.yaml",
                                          .bytes = slice_of(yaml, strlen(yaml)) };
    static struct problems problems;
    char reason[POLICY_REASON_MAX];
    struct config *config;

    if (config_load(&source, config_sections, config_section_count, &config, &problems) != OK ||
        policy_new(&policy, config, reason) != OK || policy_state_new(&desk.state) != OK)
        abort();
    config_unref(&config);
    desk.policy = policy;
}

static void close_desk(void)
{
    policy_free(&policy);
    policy_state_free(&desk.state);
}

static void ask(struct slice cookie)
{
    query.cookie.state = COOKIE_NONE;
    query.is_proven = false;
    query.asked.edns.cookie = cookie;
    policy_judge(&desk, ON_QUERY, &query, 1);
}

static uint64_t cpu_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

static void measure(const char *what, struct slice cookie, unsigned count)
{
    double best = 1e9;

    for (unsigned round = 0; round < ROUNDS; round++) {
        uint64_t start = cpu_ns();
        double ns;

        for (unsigned i = 0; i < count; i++)
            ask(cookie);
        ns = (double)(cpu_ns() - start) / count;
        best = ns < best ? ns : best;
    }
    printf("  %-28s %5.1f ns\n", what, best);
}

static void measure_all(const char *yaml, unsigned count)
{
    uint8_t mine[8] = "12345678", good[COOKIE_SIZE], forged[COOKIE_SIZE];

    printf("%s", yaml);
    open_desk(yaml);
    ask(slice_of(mine, sizeof mine));
    memcpy(good, query.cookie.bytes, sizeof good);
    memcpy(forged, good, sizeof forged);
    forged[COOKIE_SIZE - 1] ^= 1;
    measure("no cookie", (struct slice){ 0 }, count);
    measure("a client's half", slice_of(mine, sizeof mine), count);
    measure("a good one", slice_of(good, sizeof good), count);
    measure("a forged one, to be replaced", slice_of(forged, sizeof forged), count);
    close_desk();
}

int main(int argc, char **argv)
{
    const unsigned count = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 1000000;

    query.asked.edns.present = true;
    if (addr_parse("127.0.0.1", 4711, &query.client) != OK)
        abort();
    measure_all("limit: {rate: 0/s, cookies: off}\n", count);
    measure_all("limit: {rate: 0/s}\n", count);
    return 0;
}
