/* upstream/bootstrap.c - upstreams that are written by name are resolved, and stay so.
 *
 * Called by: set.c. Owns: timers, and what was asked and not answered yet. The addresses are the
 * servers', in their books. What is known is never forgotten because somebody cannot say it again:
 * an old address is better than none.
 */
#include "upstream/bootstrap.h"

#include "base/clock.h"
#include "dns/types.h"
#include "io/loop.h"
#include "upstream/roster.h"
#include "upstream/set.h"

#include <stdlib.h>

#define LATE_NS       (50 * NS_PER_MS) /* how long one family waits for the other: RFC 8305 section 3 */
#define TTL_MIN       5
#define TTL_MAX       86400
#define GRACE_NS      NS_PER_S             /* beyond the deadline of what was asked */
#define DOUBT_NS      (TTL_MIN * NS_PER_S) /* no sooner: the server may just be down */
#define RENEW_PERCENT 90                   /* of the TTL */

struct name;

/* One of the two questions. */
struct asked {
    struct name *name;
    enum book_family family;
    bool is_waiting;
    struct bootstrap_answer answer;
};

/* An upstream with a name, as this worker knows it. */
struct name {
    struct bootstrap *bootstrap;
    struct upstream *upstream;
    struct timer timer; /* the next look; while we ask: the end of waiting for the second answer */
    bool was_known;     /* the upstream was told that there are addresses */
    struct asked asked[BOOK_FAMILIES];
    const char *reason; /* why the last answer was none; a literal */
};

struct bootstrap {
    struct upstream_set *set;
    const struct group_rules *rules;
    unsigned group;
    size_t count;
    struct name names[];
};

static const uint16_t qtypes[BOOK_FAMILIES] = { [BOOK_IPV6] = TYPE_AAAA, [BOOK_IPV4] = TYPE_A };

static void look(void *arg);

static uint64_t now_ns(const struct name *n)
{
    return loop_now_ns(n->bootstrap->set->context->loop);
}

static struct server *server_of(const struct name *n)
{
    return n->upstream->server;
}

static void wait_until(struct name *n, uint64_t at_ns, timer_fn *fn)
{
    wheel_set(loop_wheel(n->bootstrap->set->context->loop), &n->timer, at_ns, fn, n);
}

static void look_later(struct name *n)
{
    wait_until(n, book_next_look_ns(&server_of(n)->book, now_ns(n)), look);
}

/* Those who wait for the upstream go on, once. */
static void tell_upstream(struct name *n)
{
    if (n->was_known || !server_has_address(server_of(n)))
        return;
    n->was_known = true;
    upstream_addresses_known(n->upstream);
}

static void tell_unresolved(struct name *n)
{
    struct server *server = server_of(n);
    uint64_t held_back;

    if (!log_gate_opens(&server->name_gate, now_ns(n), &held_back))
        return;
    atomic_store(&server->is_told_unresolved, true);
    log_event(EVENT_upstream_unresolved, "upstream=%s name=%s reason=\"%s\" more=%llu", server->url,
              server->host, n->reason, (unsigned long long)held_back);
}

static void tell_resolved(const struct name *n)
{
    struct server *server = server_of(n);

    if (atomic_load(&server->is_told_unresolved) &&
        atomic_exchange(&server->is_told_unresolved, false))
        log_event(EVENT_upstream_resolved, "upstream=%s name=%s", server->url, server->host);
}

static void write_found(const struct name *n)
{
    for (unsigned family = 0; family < BOOK_FAMILIES; family++) {
        const struct bootstrap_answer *answer = &n->asked[family].answer;

        if (answer->count)
            book_write(&server_of(n)->book, family, answer->addrs, answer->count);
    }
}

/* A family that the name has no more goes, but only where the other one is there in its place. */
static void drop_withdrawn(const struct name *n)
{
    for (unsigned family = 0; family < BOOK_FAMILIES; family++) {
        const struct bootstrap_answer *answer = &n->asked[family].answer;

        if (answer->is_usable && answer->count == 0)
            book_write(&server_of(n)->book, family, NULL, 0);
    }
}

/* The smaller TTL of both answers, as time until they are to be renewed. */
static uint64_t renewal_ns(const struct name *n)
{
    uint64_t ttl = TTL_MAX;

    for (unsigned family = 0; family < BOOK_FAMILIES; family++)
        if (n->asked[family].answer.count && n->asked[family].answer.ttl < ttl)
            ttl = n->asked[family].answer.ttl;
    return (ttl > TTL_MIN ? ttl : TTL_MIN) * NS_PER_S / 100 * RENEW_PERCENT;
}

static void settle(struct name *n)
{
    struct book *book = &server_of(n)->book;

    if (n->asked[BOOK_IPV6].answer.count || n->asked[BOOK_IPV4].answer.count) {
        write_found(n);
        drop_withdrawn(n);
        book_settle(book, now_ns(n) + renewal_ns(n));
        tell_resolved(n);
        tell_upstream(n);
    } else {
        book_settle_failed(book, now_ns(n));
        tell_unresolved(n);
    }
    look_later(n);
}

/* The first answer will do for now. */
static void second_is_late(void *arg)
{
    write_found(arg);
    tell_upstream(arg);
}

static const char *explain(const struct upstream_answer *answer,
                           const struct bootstrap_answer *read)
{
    if (!answer->response)
        return "no bootstrap server answered";
    return read->is_usable ? "the name has no address"
                           : "a bootstrap server answered with an error";
}

static void end_question(struct asked *asked, const struct bootstrap_answer *answer)
{
    struct name *n = asked->name;

    asked->is_waiting = false;
    asked->answer = *answer;
    if (!n->asked[BOOK_IPV6].is_waiting && !n->asked[BOOK_IPV4].is_waiting)
        settle(n);
    else if (answer->count)
        wait_until(n, now_ns(n) + LATE_NS, second_is_late);
}

static void take_answer(void *arg, const struct upstream_answer *answer)
{
    struct asked *asked = arg;
    struct bootstrap_answer read = { 0 };

    if (answer->response)
        bootstrap_read(answer->response, server_of(asked->name)->port, &read);
    if (read.count == 0)
        asked->name->reason = explain(answer, &read);
    end_question(asked, &read);
}

static err_t ask_for(struct asked *asked)
{
    struct bootstrap *b = asked->name->bootstrap;
    struct question question = { .qtype = qtypes[asked->family], .qclass = CLASS_IN };
    const struct compose_query_settings query = { .question = &question,
                                                  .recursion_desired = true };
    struct writer name = writer_of(question.name, sizeof question.name);

    TRY(name_from_text(server_of(asked->name)->host, &name));
    question.name_len = (uint8_t)writer_len(&name);
    return upstream_ask(b->set, b->group, &query, take_answer, asked, NULL);
}

static void ask(struct name *n)
{
    static const struct bootstrap_answer nothing = { 0 };

    for (unsigned family = 0; family < BOOK_FAMILIES; family++)
        n->asked[family] = (struct asked){ .name = n, .family = family, .is_waiting = true };
    for (unsigned family = 0; family < BOOK_FAMILIES; family++) {
        if (ask_for(&n->asked[family]) == OK)
            continue;
        n->reason = "too many questions wait";
        end_question(&n->asked[family], &nothing);
    }
}

/* What others have found out, and whether it is ours to ask. */
static void look(void *arg)
{
    struct name *n = arg;
    uint64_t until_ns = now_ns(n) + n->bootstrap->rules->deadline_ns + GRACE_NS;

    tell_upstream(n);
    if (book_claim(&server_of(n)->book, now_ns(n), until_ns))
        ask(n);
    else
        look_later(n);
}

static void start(struct bootstrap *b, struct name *n, struct upstream *upstream)
{
    n->bootstrap = b;
    n->upstream = upstream;
    n->was_known = server_has_address(upstream->server); /* from the configuration before */
    if (!n->was_known)
        upstream_has_no_address(upstream);
    look(n);
}

err_t bootstrap_new(struct bootstrap **ret_bootstrap, struct upstream_set *set)
{
    const struct roster *roster = set->roster;
    struct bootstrap *b;
    size_t count = 0;

    for (size_t i = 0; i < roster->count; i++)
        count += roster->servers[i].host != NULL;
    *ret_bootstrap = NULL;
    if (count == 0)
        return OK;
    b = calloc(1, sizeof *b + count * sizeof b->names[0]);
    if (!b)
        return ERR_NOMEM;
    b->set = set;
    b->group = (unsigned)(roster->group_count - 1);
    b->rules = &roster->groups[b->group];
    for (size_t i = 0; i < roster->count; i++)
        if (roster->servers[i].host)
            start(b, &b->names[b->count++], &set->upstreams[i]);
    *ret_bootstrap = b;
    return OK;
}

void bootstrap_hurries(struct bootstrap *b)
{
    for (size_t i = 0; b && i < b->count; i++) {
        struct name *n = &b->names[i];

        if (n->asked[BOOK_IPV6].is_waiting || n->asked[BOOK_IPV4].is_waiting ||
            server_has_address(server_of(n)))
            continue;
        book_hurry(&server_of(n)->book, now_ns(n));
        look(n);
    }
}

void bootstrap_doubts(struct bootstrap *b, const struct upstream *u)
{
    for (size_t i = 0; b && i < b->count; i++) {
        struct name *n = &b->names[i];

        if (n->upstream != u || n->asked[BOOK_IPV6].is_waiting || n->asked[BOOK_IPV4].is_waiting)
            continue;
        book_hurry(&server_of(n)->book, now_ns(n) + DOUBT_NS);
        look_later(n);
    }
}

void bootstrap_free(struct bootstrap **bootstrap)
{
    struct bootstrap *b = *bootstrap;

    if (!b)
        return;
    *bootstrap = NULL;
    for (size_t i = 0; i < b->count; i++)
        wheel_cancel(&b->names[i].timer);
    free(b);
}
