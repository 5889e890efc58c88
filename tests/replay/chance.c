/* tests/replay/chance.c - thousands of questions, and everything that can go wrong, by lot.
 *
 * Whatever happens, each question gets exactly one response, in time, and never another's answer.
 */
#include "replay/script.h"

#include "worker/worker.h"

#include <stdio.h>
#include <stdlib.h>

#define QUESTIONS   4000
#define UPSTREAMS   3 /* 1 and 2 over TCP, 3 over UDP */
#define CLIENTS     40
#define SEEDS       6
#define DEADLINE_MS 5000
#define TICKS_MS    10
#define PENDING_MAX 512

/* What upstreams are like for a while, besides all that happens anyway. */
enum mood { FRIENDLY, MUTE, UNABLE, MOODS };

/* A question by its number, which is its id and stands in its name. */
struct question_asked {
    uint64_t at_ms;
    bool answered;
    struct socket *over; /* NULL: UDP */
};

static struct {
    struct question_asked questions[QUESTIONS];
    unsigned asked, answered, succeeded;
    struct socket *clients[CLIENTS];
    struct asked pending[PENDING_MAX]; /* what upstreams have heard and not answered */
    unsigned pending_count;
    enum mood moods[UPSTREAMS + 1];
} run;

static unsigned lot(unsigned sides)
{
    return (unsigned)(world_random() >> 20) % sides;
}

static void name_of_question(unsigned n, char name[32])
{
    snprintf(name, 32, "%c%u.Example", n % 2 ? 'Q' : 'q', n);
}

static void check_response(const struct heard *heard)
{
    struct question_asked *q = &run.questions[heard->id];
    char name[32];

    CHECK(heard->id < run.asked);
    CHECK(!q->answered);
    CHECK(now_ms() <= q->at_ms + DEADLINE_MS + TICKS_MS);
    q->answered = true;
    run.answered++;
    name_of_question(heard->id, name);
    CHECK_EQUAL(strncmp(heard->name, name, strlen(name)), 0);
    if (heard->rcode == RCODE_SERVFAIL || heard->rcode == RCODE_REFUSED) {
        CHECK(heard->has_ede);
        return;
    }
    run.succeeded++;
    expect_answer(heard, heard->id, name);
}

static void hear_all(void)
{
    struct heard heard;
    unsigned client;

    while (client_udp_hears(&client, &heard)) {
        CHECK_EQUAL(client, heard.id % 50000);
        CHECK(heard.id < run.asked && !run.questions[heard.id].over);
        check_response(&heard);
    }
    for (unsigned i = 0; i < CLIENTS; i++)
        while (run.clients[i] && client_tcp_hears(run.clients[i], &heard)) {
            CHECK(heard.id < run.asked && run.questions[heard.id].over == run.clients[i]);
            check_response(&heard);
        }
}

static void ask(void)
{
    unsigned n = run.asked, client = lot(2 * CLIENTS);
    struct question_asked *q = &run.questions[n];
    char name[32];

    if (n == QUESTIONS)
        return;
    run.asked++;
    name_of_question(n, name);
    q->at_ms = now_ms();
    if (client >= CLIENTS) {
        client_udp_send(n % 50000, (uint16_t)n, name);
        return;
    }
    if (!run.clients[client] || run.clients[client]->code_closed)
        run.clients[client] = client_tcp_open(client);
    q->over = run.clients[client];
    client_tcp_send(q->over, (uint16_t)n, name);
}

/* Upstreams hear what was sent to them; one in twenty is lost on its way. */
static void listen_to(struct socket *s)
{
    struct asked asked;

    while (run.pending_count < PENDING_MAX &&
           (s ? upstream_hears(s, &asked) : upstream_hears_datagram(3, &asked)))
        if (lot(20) > 0)
            run.pending[run.pending_count++] = asked;
}

static bool is_upstream(const struct socket *s)
{
    return s->kind == SOCKET_STREAM && s->local.any.sa_family == 0 &&
           ntohl(s->peer.v4.sin_addr.s_addr) >> 8 == 0xc63364;
}

/* An open connection to an upstream, or NULL. */
static struct socket *any_connection(void)
{
    struct socket *found = NULL;
    unsigned count = 0;

    list_for_each (node, &world.open) {
        struct socket *s = LIST_OF(node, struct socket, link);

        if (is_upstream(s) && !s->connecting && lot(++count) == 0)
            found = s;
    }
    return found;
}

static enum mood mood_of(const struct socket *s)
{
    return run.moods[ntohl(s->peer.v4.sin_addr.s_addr) & 0xff];
}

/* What came over a connection that is closed needs no answer. */
static void forget_closed(void)
{
    for (unsigned i = 0; i < run.pending_count;)
        if (run.pending[i].on->code_closed)
            run.pending[i] = run.pending[--run.pending_count];
        else
            i++;
}

static void listen_to_all(void)
{
    struct socket *s = any_connection();

    forget_closed();
    if (s)
        listen_to(s);
    listen_to(NULL);
}

static void say(const struct asked *asked)
{
    switch (mood_of(asked->on)) {
    case FRIENDLY:
        upstream_answer_flags(asked, asked->on->kind == SOCKET_DGRAM && lot(10) == 0 ? DNS_TC : 0);
        break;
    case UNABLE:
        upstream_fail(asked, lot(4) ? RCODE_SERVFAIL : RCODE_REFUSED);
        break;
    case MUTE:
    case MOODS:
        break;
    }
}

static void answer_one(bool right)
{
    unsigned i = run.pending_count ? lot(run.pending_count) : 0;
    struct asked asked;

    if (run.pending_count == 0)
        return;
    asked = run.pending[i];
    if (right) {
        run.pending[i] = run.pending[--run.pending_count];
        say(&asked);
        return;
    }
    if (lot(2))
        asked.id = (uint16_t)lot(65536);
    else
        asked = run.pending[lot(run.pending_count)]; /* an answer to another question, */
    asked.on = run.pending[i].on;                    /* on this connection */
    if (asked.id != run.pending[i].id)
        upstream_answer(&asked);
}

static void connections_happen(void)
{
    for (unsigned u = 1; u <= UPSTREAMS; u++) {
        struct socket *s = upstream_next_connection(u);

        if (s && lot(4) == 0)
            upstream_refuse(u);
        else if (s && lot(2))
            upstream_accept(s);
    }
}

static void death(void)
{
    struct socket *s = any_connection();

    if (s && lot(2))
        upstream_close(s);
    else if (s)
        upstream_reset(s);
}

/* In small steps: what comes is looked at when it comes. */
static void let_time_pass(unsigned ms)
{
    for (; ms > 0; ms--) {
        advance(1);
        hear_all();
    }
}

static void step(void)
{
    unsigned what = lot(100);

    if (what < 40)
        ask();
    else if (what < 55)
        listen_to_all();
    else if (what < 80)
        for (unsigned i = lot(6); i > 0; i--)
            answer_one(true);
    else if (what < 85)
        answer_one(false);
    else if (what < 92)
        connections_happen();
    else if (what < 93 && lot(4) == 0)
        run.moods[1 + lot(UPSTREAMS)] = lot(3) ? FRIENDLY : (enum mood)lot(MOODS);
    else if (what < 93)
        death();
    else
        let_time_pass(lot(20) == 0 ? lot(700) : lot(20));
    hear_all();
}

static void check_all_answered(void)
{
    for (unsigned i = 0; i < run.asked; i++)
        CHECK(run.questions[i].answered);
    CHECK_EQUAL(run.answered, QUESTIONS);
    CHECK_EQUAL(replay_worker()->queries.used, 0);
}

static void live(uint64_t seed)
{
    static const char yaml[] =
        LISTEN "upstream: [{url: tcp://198.51.100.1}, {url: tcp://198.51.100.2},"
               "{url: udp://198.51.100.3}]\n"
               "limit: {tcp_idle: 1h}\n";

    memset(&run, 0, sizeof run);
    replay_start_seeded(yaml, seed);
    while (run.asked < QUESTIONS) {
        step();
        if (lot(1000) == 0)
            CHECK_EQUAL(replay_reload(yaml), OK);
    }
    let_time_pass(DEADLINE_MS + TICKS_MS);
    check_all_answered();
    CHECK(run.succeeded > QUESTIONS / 10);
    for (unsigned i = 0; i < CLIENTS; i++)
        if (run.clients[i] && !run.clients[i]->code_closed)
            client_tcp_close(run.clients[i]);
    CHECK_EQUAL(replay_reload(LISTEN UPSTREAM_TCP), OK); /* nobody waits for the old ones */
    CHECK_EQUAL(upstream_connections(2) + upstream_connections(3), 0);
    replay_end();
}

TEST(chance, "each question has one response in time, and it is its own, whatever happens")
{
    const char *first = getenv("REPLAY_SEED"); /* to repeat a run, or to go further */
    uint64_t seed = first ? strtoull(first, NULL, 10) : 1;

    for (unsigned i = 0; i < SEEDS; i++)
        live(seed + i);
}
