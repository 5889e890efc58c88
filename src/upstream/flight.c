/* upstream/flight.c - the course of one question: who is asked, when another one is asked as well,
 * and when it is given up.
 *
 * Called by: set.c (a question came), upstream.c and channel.c (what became of an attempt).
 * Owns: what the flight keeps. Two attempts may be under way at once; the first good answer wins.
 * As long as the deadline has not come, somebody is asked.
 */
#include "upstream/flight.h"

#include "dns/types.h"
#include "io/loop.h"
#include "metrics/metrics.h"
#include "upstream/channel.h"
#include "upstream/group.h"
#include "upstream/roster.h"
#include "upstream/server_stats.h"
#include "upstream/set.h"
#include "upstream/watch.h"

#include <stdlib.h>

#define MOVES_MAX  3 /* of one attempt between connections of one upstream */
#define BLAMED_MAX 3 /* upstreams that may say SERVFAIL before it is believed */

/* A response that says SERVFAIL or REFUSED. */
struct kept {
    const struct server *server;
    struct message message;
    uint8_t bytes[];
};

static uint64_t now_ns(const struct flight *f)
{
    return loop_now_ns(f->set->context->loop);
}

static void count(const struct flight *f, enum metric which)
{
    metrics_count(f->set->context->metrics, which);
}

static uint64_t bit(const struct upstream *u)
{
    return 1ull << u->index;
}

static struct attempt *find_free(struct flight *f)
{
    for (size_t i = 0; i < FLIGHT_ATTEMPTS; i++)
        if (!f->attempts[i].upstream)
            return &f->attempts[i];
    return NULL;
}

static struct attempt *find_live(struct flight *f)
{
    for (size_t i = 0; i < FLIGHT_ATTEMPTS; i++)
        if (f->attempts[i].upstream)
            return &f->attempts[i];
    return NULL;
}

uint64_t flight_asked(const struct flight *f)
{
    uint64_t bits = 0;

    for (size_t i = 0; i < FLIGHT_ATTEMPTS; i++)
        if (f->attempts[i].upstream)
            bits |= bit(f->attempts[i].upstream);
    return bits;
}

bool flight_asks(const struct flight *f, const struct upstream *u)
{
    return flight_asked(f) & bit(u);
}

/* Whether one beside `a` may well be answered: its connection is not in doubt. */
static bool has_hope_beside(const struct flight *f, const struct attempt *a)
{
    for (size_t i = 0; i < FLIGHT_ATTEMPTS; i++) {
        const struct attempt *other = &f->attempts[i];

        if (other != a && other->upstream && !(other->channel && other->channel->is_suspect))
            return true;
    }
    return false;
}

static bool is_lost(const struct flight *f)
{
    return !list_is_empty(&f->link);
}

static void end_attempt(struct attempt *a)
{
    if (!a->upstream)
        return;
    upstream_forget(a);
    upstream_is_left(a->upstream);
    a->upstream = NULL;
}

void flight_stop(struct flight *f)
{
    wheel_cancel(&f->timer);
    for (size_t i = 0; i < FLIGHT_ATTEMPTS; i++)
        end_attempt(&f->attempts[i]);
}

void flight_give_up(struct flight *f)
{
    for (size_t i = 0; i < FLIGHT_ATTEMPTS; i++)
        if (f->attempts[i].upstream && f->attempts[i].channel)
            watch_remembers(f->attempts[i].channel, &f->attempts[i]);
    flight_stop(f);
}

void flight_done(struct flight *f)
{
    free(f->kept);
    f->kept = NULL;
}

static void lose(struct flight *f)
{
    struct attempt *live = find_live(f);

    if (live && live->channel)
        f->phase = live->channel->phase;
    flight_stop(f);
    set_loses(f->set, f);
}

static void look_again(void *arg);

static void set_timer(struct flight *f)
{
    uint64_t next_ns = f->deadline_ns < f->hedge_at_ns ? f->deadline_ns : f->hedge_at_ns;

    for (size_t i = 0; i < FLIGHT_ATTEMPTS; i++) {
        const struct attempt *a = &f->attempts[i];

        if (a->upstream && a->start_ns + f->group->rules->timeout_ns < next_ns)
            next_ns = a->start_ns + f->group->rules->timeout_ns;
    }
    wheel_set(loop_wheel(f->set->context->loop), &f->timer, next_ns, look_again, f);
}

/* The timer is set before the upstream may say that it cannot. */
static void start_attempt(struct flight *f, struct upstream *u, bool is_hedge)
{
    struct attempt *a = find_free(f);

    *a =
        (struct attempt){ .flight = f, .upstream = u, .start_ns = now_ns(f), .is_hedge = is_hedge };
    list_init(&a->link);
    upstream_is_asked(u);
    set_timer(f);
    upstream_carry(u, a);
}

/* Who is well comes first: those who have not failed this question, then those who have, for they
 * may be back. When all have failed the round begins anew, until the deadline. Who is being asked
 * already comes last. */
static struct upstream *choose_next(struct flight *f)
{
    uint64_t busy = flight_asked(f);
    struct upstream *u;

    if (f->probed)
        return NULL;
    u = group_choose_well(f, f->tried | busy);
    if (!u && !f->kept)
        u = group_choose_well(f, 0);
    if (!u)
        u = group_choose(f, f->tried | busy);
    if (u || f->kept)
        return u;
    f->tried = 0;
    u = group_choose(f, busy);
    return u ? u : group_choose(f, 0);
}

static void ask_next(struct flight *f)
{
    struct upstream *u = now_ns(f) < f->deadline_ns ? choose_next(f) : NULL;

    if (u) {
        count(f, METRIC_upstream_retries);
        start_attempt(f, u, false);
    } else if (!find_live(f)) {
        lose(f);
    }
}

void flight_begin(struct flight *f)
{
    struct upstream *u = group_choose(f, 0);

    f->hedge_at_ns = now_ns(f) + group_hedge_delay(f->group, u);
    if (f->hedge_at_ns < now_ns(f)) /* never */
        f->hedge_at_ns = UINT64_MAX;
    group_earns(f->group);
    start_attempt(f, u, false);
    group_probe_failed(f);
}

void flight_begin_probe(struct flight *f)
{
    f->hedge_at_ns = UINT64_MAX;
    start_attempt(f, f->probed, false);
}

static void hedge(struct flight *f)
{
    const struct attempt *live = find_live(f);
    struct upstream *u;

    f->hedge_at_ns = UINT64_MAX;
    if (!live || !find_free(f))
        return;
    u = group_choose_well(f, f->tried | bit(live->upstream));
    if (!u)
        return;
    if (!group_pays(f->group)) {
        count(f, METRIC_upstream_hedges_denied);
        return;
    }
    count(f, METRIC_upstream_hedges);
    server_counts(u->stats, SERVER_hedges);
    start_attempt(f, u, true);
}

void flight_doubts(struct attempt *a)
{
    struct flight *f = a->flight;
    struct upstream *from = a->upstream, *u;

    if (f->probed)
        flight_attempt_failed(a, PHASE_ANSWER, ERR_TIMEOUT);
    if (f->probed || has_hope_beside(f, a) || now_ns(f) >= f->deadline_ns)
        return;
    u = group_choose_well(f, f->tried | flight_asked(f));
    if (!u) /* who has failed may be well again */
        u = group_choose_well(f, flight_asked(f));
    if (!find_free(f)) {
        if (!u && from->health.is_open)
            return;
        end_attempt(a);
    }
    count(f, METRIC_upstream_moved);
    server_counts(from->stats, SERVER_moved);
    start_attempt(f, u ? u : from, false);
}

void flight_attempt_failed(struct attempt *a, enum phase phase, err_t err)
{
    struct flight *f = a->flight;

    f->tried |= bit(a->upstream);
    f->phase = phase;
    f->err = err;
    server_counts(a->upstream->stats, SERVER_retries);
    end_attempt(a);
    if (!has_hope_beside(f, a))
        ask_next(f);
}

void flight_attempt_moves(struct attempt *a)
{
    struct flight *f = a->flight;

    if (a->moves >= MOVES_MAX || (f->tried & bit(a->upstream)) || now_ns(f) >= f->deadline_ns) {
        flight_attempt_failed(a, PHASE_ANSWER, ERR_CLOSED);
        return;
    }
    if (has_hope_beside(f, a)) {
        end_attempt(a);
        return;
    }
    count(f, METRIC_upstream_moved);
    server_counts(a->upstream->stats, SERVER_moved);
    a->moves++;
    a->start_ns = now_ns(f);
    set_timer(f);
    upstream_carry(a->upstream, a);
}

/* The upstream answers others, but not this. Where there is nobody else it is asked once more. */
static void attempt_is_over(struct attempt *a)
{
    struct flight *f = a->flight;
    struct upstream *u = a->upstream, *next;

    if (upstream_times_out(u, a))
        return;
    f->tried |= bit(u);
    f->phase = a->channel ? a->channel->phase : PHASE_QUEUE;
    f->err = ERR_TIMEOUT;
    next = has_hope_beside(f, a) ? NULL : choose_next(f);
    if (!next) {
        end_attempt(a);
        if (!find_live(f))
            lose(f);
        return;
    }
    count(f, METRIC_upstream_retries);
    if (next == u && a->channel) {
        a->start_ns = now_ns(f);
        channel_repeat(a->channel, a);
        return;
    }
    end_attempt(a);
    start_attempt(f, next, false);
}

/* An attempt that the deadline cuts short proves nothing about its connection. */
static void look_again(void *arg)
{
    struct flight *f = arg;

    if (now_ns(f) >= f->deadline_ns) {
        count(f, METRIC_upstream_timeouts);
        lose(f);
        return;
    }
    for (size_t i = 0; i < FLIGHT_ATTEMPTS && !is_lost(f); i++) {
        struct attempt *a = &f->attempts[i];

        if (!a->upstream || now_ns(f) - a->start_ns < f->group->rules->timeout_ns)
            continue;
        count(f, METRIC_upstream_timeouts);
        server_counts(a->upstream->stats, SERVER_timeouts);
        attempt_is_over(a);
    }
    if (is_lost(f))
        return;
    if (now_ns(f) >= f->hedge_at_ns)
        hedge(f);
    if (!is_lost(f))
        set_timer(f);
}

/* For want of memory it is not kept, and the flight ends with what comes last. */
static void keep(struct flight *f, const struct server *server, const struct message *response)
{
    struct slice wire = response->wire;
    struct kept *kept = f->kept ? NULL : malloc(sizeof *kept + wire.len);

    if (!kept)
        return;
    kept->server = server;
    memcpy(kept->bytes, wire.data, wire.len);
    if (message_read_response(slice_of(kept->bytes, wire.len), &kept->message) == OK)
        f->kept = kept;
    else
        free(kept);
}

const struct message *flight_last_resort(const struct flight *f, const struct server **ret_server)
{
    if (!f->kept)
        return NULL;
    *ret_server = f->kept->server;
    return &f->kept->message;
}

/* One upstream could not, or would not, answer: whether somebody else may still do so. */
static bool looks_further(struct attempt *a, const struct message *response)
{
    struct flight *f = a->flight;
    const struct server *server = a->upstream->server;
    bool other_goes_on = !find_free(f);
    struct upstream *u = NULL;

    f->tried |= bit(a->upstream);
    f->blamed |= bit(a->upstream);
    if (f->probed)
        return false;
    if (!other_goes_on && __builtin_popcountll(f->blamed) < BLAMED_MAX)
        u = group_choose_well(f, f->tried);
    if (!other_goes_on && !u)
        return false;
    keep(f, server, response);
    server_counts(a->upstream->stats, SERVER_retries);
    end_attempt(a);
    if (u) {
        count(f, METRIC_upstream_retries);
        start_attempt(f, u, false);
    }
    return true;
}

static bool says_failure(const struct message *response)
{
    uint16_t rcode = message_rcode(response);

    return rcode == RCODE_SERVFAIL || rcode == RCODE_REFUSED;
}

static void blame(const struct flight *f)
{
    for (uint64_t left = f->blamed; left; left &= left - 1)
        upstream_is_blamed(&f->set->upstreams[__builtin_ctzll(left)]);
}

/* Who was asked before and has not answered yet takes at least as long. */
static void compare(struct flight *f)
{
    for (size_t i = 0; i < FLIGHT_ATTEMPTS; i++)
        if (f->attempts[i].upstream)
            upstream_took_longer(&f->attempts[i]);
}

void flight_answered(struct attempt *a, const struct message *response)
{
    struct flight *f = a->flight;
    bool is_good = !says_failure(response);
    const struct upstream_exchange exchange = { &a->peer, a->transport, a->sent_ns, a->id,
                                                flight_query(f) };
    struct upstream_answer answer = {
        .is_first = true, .response = response, .server = a->upstream->server, .exchange = &exchange
    };

    upstream_answered(a, is_good);
    if (!is_good && looks_further(a, response))
        return;
    if (is_good)
        blame(f);
    if (a->is_hedge)
        server_counts(a->upstream->stats, SERVER_hedges_won);
    end_attempt(a);
    compare(f);
    set_tell(f->set, f, &answer);
}
