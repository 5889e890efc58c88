/* listen/tcp.c - queries over TCP.
 *
 * Called by: listen.c's table. Owns: the listening socket and its sessions.
 */
#include "io/acceptor.h"
#include "io/loop.h"
#include "listen/listen.h"
#include "listen/session.h"
#include "log/log.h"
#include "query/query.h"

struct tcp_listener {
    struct listener base;
    struct acceptor *acceptor;
    struct session_set sessions;
    struct log_gate starved;
};

static void accepted(void *arg, int fd, const union addr *peer)
{
    struct tcp_listener *t = arg;

    session_begin(&t->sessions, fd, peer);
}

static void starved(void *arg, err_t err)
{
    struct tcp_listener *t = arg;
    const char *reason = err_text(err);
    char text[ADDR_TEXT_MAX];
    uint64_t held_back;

    if (log_gate_opens(&t->starved, loop_now_ns(t->base.context->loop), &held_back))
        log_event(EVENT_accept_failed, "listener=tcp://%s reason=\"%s\"",
                  addr_format(&t->base.addr, text), reason);
}

static err_t open_tcp(struct listener *l, int fd)
{
    static const struct acceptor_handler handler = { .accepted = accepted, .starved = starved };
    struct tcp_listener *t = (struct tcp_listener *)l;

    session_set_init(&t->sessions, l);
    return acceptor_open(&t->acceptor, l->context->loop, fd, &handler, t);
}

static void reply(struct listener *l, const struct query *query)
{
    session_reply(&((struct tcp_listener *)l)->sessions, query->handle, query->response);
}

static void drain(struct listener *l)
{
    struct tcp_listener *t = (struct tcp_listener *)l;

    acceptor_close(&t->acceptor);
    session_set_drain(&t->sessions);
}

static bool is_drained(const struct listener *l)
{
    return list_is_empty(&((const struct tcp_listener *)l)->sessions.open);
}

static void close_tcp(struct listener *l)
{
    struct tcp_listener *t = (struct tcp_listener *)l;

    acceptor_close(&t->acceptor);
    session_set_done(&t->sessions);
}

const struct listener_ops listener_tcp = {
    .name = "tcp",
    .stream = true,
    .size = sizeof(struct tcp_listener),
    .open = open_tcp,
    .reply = reply,
    .drain = drain,
    .is_drained = is_drained,
    .close = close_tcp,
};
