/* listen/session_begin.c - how a client's connection begins: who may have one, what TLS and a load
 * balancer say of it.
 *
 * Called by: door.c, the wire.
 */
#include "codec/tls.h"
#include "codec/tls_context.h"
#include "io/socket.h"
#include "listen/admission.h"
#include "listen/entrance.h"
#include "listen/listen.h"
#include "listen/session.h"
#include "listen/talk.h"
#include "log/log.h"
#include "metrics/metrics.h"

static const struct talk *talk_of(const struct session *s)
{
    return s->set->listener->ops->talk;
}

static void count(const struct session_set *set, enum metric which)
{
    metrics_count(set->listener->context->metrics, which);
}

/* METRIC_COUNT, or why this client may have no connection. One that `is_many` speaks for others,
 * who will be judged one by one. */
static enum metric admit(const struct session_set *set, const union addr *client, bool is_many)
{
    const struct listener *l = set->listener;
    const struct listen_context *context = l->context;
    bool shakes_hands = l->entrance->certificates != NULL;

    if (!is_many && !context->may_connect(context->arg, client, shakes_hands))
        return METRIC_connections_denied;
    if (!admission_enter(context->admission, client, &context->limits, is_many))
        return METRIC_connections_refused;
    return METRIC_COUNT;
}

/* A balancer stands before many clients: only now it is known which of them this is. */
static void introduced(void *arg, const union addr *client)
{
    struct session *s = arg;
    struct listen_context *context = session_context(s);
    bool is_many = prefixes_cover(&s->set->listener->entrance->forwarded_from, client);
    enum metric why;

    admission_leave(context->admission, &s->client, &context->limits);
    s->client = *client;
    why = admit(s->set, client, is_many);
    if (why != METRIC_COUNT) {
        s->client.any.sa_family = AF_UNSPEC; /* counted nowhere */
        session_doom(s, why);
    }
}

static void count_handshake(const struct session *s)
{
    count(s->set, METRIC_tls_handshakes);
    if (tls_was_resumed(s->wire.tls))
        count(s->set, METRIC_tls_handshakes_resumed);
}

static void ready(void *arg)
{
    struct session *s = arg;

    if (s->wire.tls)
        count_handshake(s);
    if (talk_of(s)->begin(s) != OK) {
        session_doom(s, METRIC_connections_starved);
        return;
    }
    s->is_ready = true;
    s->last_progress_ns = loop_now_ns(session_context(s)->loop);
}

static void received(void *arg, struct slice bytes)
{
    struct session *s = arg;

    if (bytes.len == 0)
        s->client_finished = true;
    else
        talk_of(s)->received(s, bytes);
    session_settle_soon(s);
}

static void writable(void *arg)
{
    session_settle_soon(arg);
}

static void failed(void *arg, enum metric why)
{
    struct session *s = arg;
    char client[ADDR_TEXT_MAX], listener[ADDR_TEXT_MAX];

    if (why == METRIC_tls_handshakes_failed || why == METRIC_tls_broken)
        log_event(EVENT_client_tls_failed, "client=%s listener=%s://%s reason=\"%s\"",
                  addr_format(&s->client, client), s->set->listener->ops->name,
                  addr_format(&s->set->listener->addr, listener), tls_failure(s->wire.tls));
    if (why == METRIC_tls_handshakes_failed && tls_has_refused(s->wire.tls))
        why = METRIC_tls_handshakes_refused;
    session_doom(s, why);
}

static err_t open_wire(struct session *s, int fd, const union addr *peer)
{
    static const struct wire_handler handler = {
        .introduced = introduced,
        .ready = ready,
        .received = received,
        .writable = writable,
        .failed = failed,
    };
    struct entrance *entrance = s->set->listener->entrance;
    struct listen_context *context = session_context(s);
    struct wire_settings settings = {
        .awaits_intro = prefixes_cover(&entrance->proxy_from, peer),
        .tls = entrance_tls(entrance),
    };
    err_t err;

    settings.only_resumes =
        settings.tls &&
        !admission_shakes_hands(context->admission, &context->limits, loop_now_ns(context->loop));
    err = wire_open(&s->wire, context->loop, fd, &settings, &handler, s);
    tls_context_unref(&settings.tls);
    return err;
}

static void refuse(const struct session_set *set, int *fd, enum metric why)
{
    count(set, why);
    socket_close(fd);
}

void session_begin(struct session_set *set, int fd, const union addr *peer)
{
    struct listen_context *context = set->listener->context;
    const struct entrance *entrance = set->listener->entrance;
    bool is_many = prefixes_cover(&entrance->proxy_from, peer) ||
                   prefixes_cover(&entrance->forwarded_from, peer);
    enum metric why = admit(set, peer, is_many);
    struct session *s;

    if (why != METRIC_COUNT) {
        refuse(set, &fd, why);
        return;
    }
    s = pool_take(&set->pool);
    if (!s)
        goto leave;
    *s = (struct session){ .set = set, .client = *peer, .begun_ns = loop_now_ns(context->loop) };
    if (open_wire(s, fd, peer) != OK) {
        fd = -1;
        pool_give(&set->pool, s);
        goto leave;
    }
    s->last_progress_ns = s->begun_ns;
    list_append(&set->open, &s->link);
    count(set, METRIC_connections_accepted);
    metrics_rise(context->metrics, set->listener->ops->open_now);
    session_settle_soon(s);
    wire_start(&s->wire);
    return;
leave:
    admission_leave(context->admission, peer, &context->limits);
    refuse(set, &fd, METRIC_connections_refused);
}
