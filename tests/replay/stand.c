/* tests/replay/stand.c - upstreams that behave by themselves, and clients who ask on and on. */
#include "replay/stand.h"

#define QUESTIONS_MAX 60000
#define PENDING_MAX   20000
#define DEADLINE_MS   5000
#define TICKS_MS      5 /* a timer fires so much later at most */

/* A query that an upstream has heard, and when it will answer. */
struct pending {
    struct asked asked;
    uint64_t due_ms;
    unsigned upstream;
};

struct person {
    enum behaviour behaviour;
    unsigned delay_ms, slow_every, slow_ms, count;
};

static struct {
    struct person upstreams[STAND_UPSTREAMS + 1];
    struct pending pending[PENDING_MAX];
    unsigned pending_count;
    struct {
        uint64_t at_ms;
        bool is_over;
    } questions[QUESTIONS_MAX];
    unsigned asked, over;
    struct seen seen;
} stand;

void stand_start(const char *yaml)
{
    memset(&stand, 0, sizeof stand);
    for (unsigned u = 1; u <= STAND_UPSTREAMS; u++)
        stand.upstreams[u] = (struct person){ .behaviour = WELL, .delay_ms = 1 };
    replay_start(yaml);
}

void stand_sets(unsigned upstream, enum behaviour behaviour, unsigned delay_ms)
{
    struct socket *s;

    stand.upstreams[upstream].behaviour = behaviour;
    stand.upstreams[upstream].delay_ms = delay_ms;
    if (behaviour == REFUSING)
        while ((s = upstream_any_connection(upstream)) != NULL)
            upstream_reset(s);
}

void stand_slows(unsigned upstream, unsigned every, unsigned ms)
{
    stand.upstreams[upstream].slow_every = every;
    stand.upstreams[upstream].slow_ms = ms;
}

void stand_asks(unsigned count)
{
    for (; count > 0; count--) {
        unsigned n = stand.asked;

        CHECK(n < QUESTIONS_MAX);
        stand.asked++;
        stand.seen.asked++;
        stand.questions[n].at_ms = now_ms();
        client_udp_send(n % 50000, (uint16_t)n, numbered(n, "stand.example"));
    }
}

static void hear(void)
{
    struct heard heard;
    unsigned client;

    while (client_udp_hears(&client, &heard)) {
        uint64_t took_ms = now_ms() - stand.questions[heard.id].at_ms;

        CHECK(heard.id < stand.asked && !stand.questions[heard.id].is_over);
        CHECK_EQUAL(client, heard.id % 50000);
        CHECK(took_ms <= DEADLINE_MS + TICKS_MS);
        stand.questions[heard.id].is_over = true;
        stand.over++;
        if (heard.rcode == RCODE_SERVFAIL) {
            stand.seen.failed++;
            if (took_ms > stand.seen.latest_ms)
                stand.seen.latest_ms = took_ms;
            continue;
        }
        if (heard.flags & DNS_TC) {
            stand.seen.truncated++;
            continue;
        }
        expect_answer(&heard, heard.id, numbered(heard.id, "stand.example"));
        stand.seen.answered++;
        if (stand.seen.first_at_ms == 0)
            stand.seen.first_at_ms = now_ms();
        if (took_ms > stand.seen.worst_ms)
            stand.seen.worst_ms = took_ms;
    }
}

static void put_off(unsigned upstream, const struct asked *asked)
{
    struct person *p = &stand.upstreams[upstream];
    bool is_slow = p->slow_every && ++p->count % p->slow_every == 0;

    CHECK(stand.pending_count < PENDING_MAX);
    stand.pending[stand.pending_count++] =
        (struct pending){ *asked, now_ms() + (is_slow ? p->slow_ms : p->delay_ms), upstream };
}

static void take_connections(unsigned upstream)
{
    struct socket *s;

    while ((s = upstream_next_connection(upstream)) != NULL) {
        if (stand.upstreams[upstream].behaviour == REFUSING) {
            upstream_refuse(upstream);
            continue;
        }
        upstream_accept(s);
        stand.seen.opened[upstream]++;
    }
}

static void live(unsigned upstream)
{
    unsigned open = upstream_connections(upstream);
    struct asked asked;

    if (open > stand.seen.most_open[upstream])
        stand.seen.most_open[upstream] = open;
    if (stand.upstreams[upstream].behaviour == BLACKHOLE)
        return;
    take_connections(upstream);
    while (upstream_hears_any(upstream, &asked)) {
        stand.seen.heard[upstream]++;
        put_off(upstream, &asked);
    }
}

static void answer(const struct pending *p)
{
    switch (stand.upstreams[p->upstream].behaviour) {
    case WELL:
        upstream_answer(&p->asked);
        break;
    case FAILING:
        upstream_fail(&p->asked, RCODE_SERVFAIL);
        break;
    case SILENT:
    case BLACKHOLE:
    case REFUSING:
        break;
    }
}

static void answer_due(void)
{
    unsigned left = 0;

    for (unsigned i = 0; i < stand.pending_count; i++)
        if (stand.pending[i].due_ms <= now_ms())
            answer(&stand.pending[i]);
        else
            stand.pending[left++] = stand.pending[i];
    stand.pending_count = left;
}

static void step(void)
{
    for (unsigned u = 1; u <= STAND_UPSTREAMS; u++)
        live(u);
    answer_due();
    hear();
    advance(1);
    hear();
}

void stand_run(uint64_t ms, unsigned every_ms)
{
    for (uint64_t i = 0; i < ms; i++) {
        if (every_ms && i % every_ms == 0)
            stand_asks(1);
        step();
    }
}

struct seen stand_looks(void)
{
    const struct seen seen = stand.seen;

    stand.seen = (struct seen){ 0 };
    return seen;
}

unsigned stand_waiting(void)
{
    return stand.asked - stand.over;
}

void stand_end(void)
{
    for (unsigned i = 0; stand_waiting() > 0 && i <= DEADLINE_MS + TICKS_MS; i++)
        step();
    CHECK_EQUAL(stand_waiting(), 0);
    replay_end();
}
