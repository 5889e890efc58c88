/* listen/door.c - a listener on connections: it accepts, and each becomes a session.
 *
 * Called by: the tables of tcp.c, tls.c, https.c and http.c. Owns: the listening socket and its
 * sessions.
 */
#include "listen/door.h"

#include "io/acceptor.h"
#include "io/loop.h"
#include "query/query.h"

static void accepted(void *arg, int fd, const union addr *peer)
{
    struct stream_door *d = arg;

    session_begin(&d->sessions, fd, peer);
}

static void starved(void *arg, err_t err)
{
    struct stream_door *d = arg;
    const char *reason = err_text(err);
    char text[ADDR_TEXT_MAX];
    uint64_t held_back;

    if (log_gate_opens(&d->starved, loop_now_ns(d->base.context->loop), &held_back))
        log_event(EVENT_accept_failed, "listener=%s://%s reason=\"%s\"", d->base.ops->name,
                  addr_format(&d->base.addr, text), reason);
}

err_t door_open(struct listener *l, int fd)
{
    static const struct acceptor_handler handler = { .accepted = accepted, .starved = starved };
    struct stream_door *d = (struct stream_door *)l;

    session_set_init(&d->sessions, l);
    return acceptor_open(&d->acceptor, l->context->loop, fd, &handler, d);
}

void door_reply(struct listener *l, const struct query *query)
{
    l->ops->talk->reply(&((struct stream_door *)l)->sessions, query);
}

void door_tell_tls(const struct listener *l, uint64_t handle, struct client_tls *ret_tls)
{
    const struct stream_door *d = (const struct stream_door *)l;
    const struct session *s = l->ops->talk->find(&d->sessions, handle);

    if (!s || !s->wire.tls)
        return;
    ret_tls->version = tls_version_text(s->wire.tls);
    ret_tls->name_len = tls_server_name(s->wire.tls, ret_tls->name);
}

void door_drain(struct listener *l)
{
    struct stream_door *d = (struct stream_door *)l;

    acceptor_close(&d->acceptor);
    session_set_drain(&d->sessions);
}

bool door_is_drained(const struct listener *l)
{
    return list_is_empty(&((const struct stream_door *)l)->sessions.open);
}

void door_close(struct listener *l)
{
    struct stream_door *d = (struct stream_door *)l;

    acceptor_close(&d->acceptor);
    session_set_done(&d->sessions);
}
