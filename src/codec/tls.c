/* codec/tls.c - one TLS session as a machine: ciphertext in, events and ciphertext out.
 *
 * GnuTLS does the work between a pull function that reads what was fed and a push function that
 * fills the outbox; neither makes a system call. Called by: upstream. Owns: the GnuTLS session, the
 * output, the record that is being read. Borrows: context, peer, what is fed.
 */
#include "codec/tls.h"

#include "codec/outbox.h"
#include "codec/tls_context.h"
#include "codec/tls_verify.h"

#include <arpa/inet.h>
#include <errno.h>
#include <gnutls/gnutls.h>
#include <stdlib.h>

#define RECORD_MAX    16384 /* RFC 8446 section 5.1: plaintext of one record */
#define RECORD_EXTRA  64    /* header, nonce, type and tag: 29 bytes at most in our suites */
#define OUTPUT_SPARED 4096  /* of the outbox for alerts and key updates, when plaintext fills it */
#define IDLE_MAX      16    /* turns of GnuTLS that neither read nor want to: more is a bug */
#define TICKETS_MAX   4     /* that wait to be handed out; of more the first are enough */

enum state { HANDSHAKING, OPEN, CLOSED, FAILED };

struct tls {
    gnutls_session_t session;
    const struct tls_context *context;
    const struct tls_peer *peer;
    struct slice input;
    bool is_starved;  /* GnuTLS asked for more input than there was */
    bool is_verified; /* the peer is who we mean */
    bool is_shut;     /* we said close_notify */
    enum state state;
    struct outbox output;
    gnutls_packet_t packet;              /* whose plaintext is lent */
    gnutls_datum_t tickets[TICKETS_MAX]; /* in the order they came */
    unsigned ticket_count;
    gnutls_datum_t lent_ticket;
    err_t error;
    const char *failure; /* NULL: none yet */
};

static ssize_t pull(gnutls_transport_ptr_t tls, void *room, size_t size)
{
    struct tls *t = tls;
    size_t len = size < t->input.len ? size : t->input.len;

    if (len == 0) {
        t->is_starved = true;
        gnutls_transport_set_errno(t->session, EAGAIN);
        return -1;
    }
    memcpy(room, t->input.data, len);
    t->input = slice_after(t->input, len);
    return (ssize_t)len;
}

static int pull_timeout(gnutls_transport_ptr_t tls, unsigned ms)
{
    const struct tls *t = tls;

    (void)ms;
    return t->input.len > 0;
}

static ssize_t push(gnutls_transport_ptr_t tls, const giovec_t *parts, int count)
{
    struct tls *t = tls;
    size_t len = 0;

    for (int i = 0; i < count; i++)
        len += parts[i].iov_len;
    if (outbox_reserve(&t->output, len) != OK) {
        gnutls_transport_set_errno(t->session, ENOMEM);
        return -1;
    }
    for (int i = 0; i < count; i++)
        outbox_add(&t->output, slice_of(parts[i].iov_base, parts[i].iov_len));
    return (ssize_t)len;
}

/* The alert that the server has sent. */
static const char *alert_words(gnutls_alert_description_t alert)
{
    static const struct {
        gnutls_alert_description_t alert;
        const char *words;
    } alerts[] = {
#define ALERT(name, text) { GNUTLS_A_##name, "server sent an alert: " text },
#include "codec/alerts.def"
#undef ALERT
    };

    for (size_t i = 0; i < sizeof alerts / sizeof *alerts; i++)
        if (alerts[i].alert == alert)
            return alerts[i].words;
    return "server sent an alert";
}

static const char *explain(struct tls *t, int ret)
{
    if (ret == GNUTLS_E_FATAL_ALERT_RECEIVED)
        return alert_words(gnutls_alert_get(t->session));
    if (ret == GNUTLS_E_UNSUPPORTED_VERSION_PACKET)
        return "no common TLS version";
    if (ret == GNUTLS_E_REHANDSHAKE)
        return "server wants to renegotiate";
    return gnutls_strerror(ret);
}

static enum tls_event fail(struct tls *t, int ret)
{
    if (!t->failure) /* else verification knows best */
        t->failure = explain(t, ret);
    t->state = FAILED;
    if (t->error == OK)
        t->error = ret == GNUTLS_E_MEMORY_ERROR ? ERR_NOMEM : ERR_TLS;
    if (ret != GNUTLS_E_FATAL_ALERT_RECEIVED && ret != GNUTLS_E_PUSH_ERROR)
        gnutls_alert_send_appropriate(t->session, ret);
    return TLS_FAILED;
}

static int verify(struct tls *t)
{
    const char *complaint = tls_verify(t->session, tls_context_trust(t->context), t->peer);

    if (complaint) {
        t->failure = complaint;
        t->error = ERR_UNTRUSTED;
        return GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR;
    }
    t->is_verified = true;
    return 0;
}

static int verify_in_handshake(gnutls_session_t session)
{
    return verify(gnutls_session_get_ptr(session));
}

static void release_packet(struct tls *t)
{
    if (t->packet)
        gnutls_packet_deinit(t->packet);
    t->packet = NULL;
}

/* Runs GnuTLS until it has a result or has read all input. Results that are only news for us
 * (a ticket came, a warning) make it run again. */
static int run(struct tls *t, int (*once)(struct tls *))
{
    for (int idle = 0; idle < IDLE_MAX; idle++) {
        size_t before = t->input.len;
        int ret;

        t->is_starved = false;
        ret = once(t);
        if (ret >= 0 || gnutls_error_is_fatal(ret) || ret == GNUTLS_E_REHANDSHAKE)
            return ret;
        if (ret == GNUTLS_E_AGAIN && t->is_starved)
            return ret;
        if (t->input.len < before)
            idle = 0;
    }
    return GNUTLS_E_INTERNAL_ERROR;
}

static int handshake_once(struct tls *t)
{
    return gnutls_handshake(t->session);
}

/* GNUTLS_E_INTERRUPTED for an empty record, which RFC 8446 section 5.1 allows. */
static int receive_once(struct tls *t)
{
    ssize_t ret = gnutls_record_recv_packet(t->session, &t->packet);

    if (ret == 0 && t->packet) {
        release_packet(t);
        return GNUTLS_E_INTERRUPTED;
    }
    return (int)ret;
}

static void pack_ticket(struct tls *t)
{
    if (t->ticket_count < TICKETS_MAX &&
        gnutls_session_get_data2(t->session, &t->tickets[t->ticket_count]) >= 0)
        t->ticket_count++;
}

/* GnuTLS holds the newest ticket only: each is packed as it comes. Those of TLS 1.2 come before the
 * session is complete. */
static int ticket_came(gnutls_session_t session, unsigned type, unsigned when, unsigned incoming,
                       const gnutls_datum_t *message)
{
    struct tls *t = gnutls_session_get_ptr(session);

    (void)type, (void)when, (void)message;
    if (incoming && t->state == OPEN)
        pack_ticket(t);
    return 0;
}

/* GnuTLS would also pack a TLS 1.2 session that the server does not mean to resume. */
static void pack_old_session(struct tls *t)
{
    gnutls_datum_t id = { 0 };

    if (gnutls_protocol_get_version(t->session) == GNUTLS_TLS1_2 &&
        gnutls_session_get_id2(t->session, &id) >= 0 && id.size > 0)
        pack_ticket(t);
}

static enum tls_event step_handshake(struct tls *t)
{
    int ret = run(t, handshake_once);

    if (ret == GNUTLS_E_AGAIN)
        return TLS_WANTS_INPUT;
    /* A resumed session brings the certificates of the first one, judged by today's date, trust and
     * pins: a ticket is no way around them. */
    if (ret >= 0 && !t->is_verified)
        ret = verify(t);
    if (ret < 0)
        return fail(t, ret);
    t->state = OPEN;
    pack_old_session(t);
    return TLS_READY;
}

static enum tls_event step_open(struct tls *t, struct slice *ret_plaintext)
{
    int ret = run(t, receive_once);
    gnutls_datum_t plaintext;

    if (ret == GNUTLS_E_AGAIN)
        return TLS_WANTS_INPUT;
    if (ret < 0)
        return fail(t, ret);
    if (ret == 0) {
        t->state = CLOSED;
        return TLS_CLOSED;
    }
    gnutls_packet_get(t->packet, &plaintext, NULL);
    *ret_plaintext = slice_of(plaintext.data, plaintext.size);
    return TLS_DATA;
}

/* SNI is for names only: RFC 6066 section 3. */
static int name_peer(gnutls_session_t session, const char *name)
{
    struct in6_addr address;

    if (inet_pton(AF_INET, name, &address) == 1 || inet_pton(AF_INET6, name, &address) == 1)
        return 0;
    return gnutls_server_name_set(session, GNUTLS_NAME_DNS, name, strlen(name));
}

static err_t set_up_client(struct tls *t)
{
    gnutls_datum_t dot = { (uint8_t *)(uintptr_t) "dot", 3 }; /* RFC 7858 section 6 (IANA) */

    TRY(tls_context_apply(t->context, t->session));
    if (name_peer(t->session, t->peer->name) < 0 ||
        gnutls_alpn_set_protocols(t->session, &dot, 1, 0) < 0)
        return ERR_TLS;
    gnutls_session_set_ptr(t->session, t);
    gnutls_handshake_set_hook_function(t->session, GNUTLS_HANDSHAKE_NEW_SESSION_TICKET,
                                       GNUTLS_HOOK_POST, ticket_came);
    gnutls_session_set_verify_function(t->session, verify_in_handshake);
    gnutls_transport_set_ptr(t->session, t);
    gnutls_transport_set_pull_function(t->session, pull);
    gnutls_transport_set_pull_timeout_function(t->session, pull_timeout);
    gnutls_transport_set_vec_push_function(t->session, push);
    return OK;
}

err_t tls_open_client(struct tls **ret_tls, const struct tls_context *context,
                      const struct tls_peer *peer)
{
    /* one key share, of the first group: a second one costs each handshake and is hardly needed */
    unsigned flags = GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL | GNUTLS_KEY_SHARE_TOP;
    struct tls *t;
    err_t err;

    if (!peer->name)
        return ERR_USAGE;
    t = calloc(1, sizeof *t);
    if (!t)
        return ERR_NOMEM;
    *t = (struct tls){ .context = context, .peer = peer };
    err = gnutls_init(&t->session, flags) < 0 ? ERR_NOMEM : set_up_client(t);
    if (err != OK) {
        tls_free(&t);
        return err;
    }
    *ret_tls = t;
    return OK;
}

void tls_free(struct tls **tls)
{
    struct tls *t = *tls;

    if (!t)
        return;
    release_packet(t);
    if (t->session)
        gnutls_deinit(t->session);
    gnutls_free(t->lent_ticket.data);
    for (unsigned i = 0; i < t->ticket_count; i++)
        gnutls_free(t->tickets[i].data);
    outbox_done(&t->output);
    free(t);
    *tls = NULL;
}

/* A ticket that GnuTLS cannot read only costs a full handshake. */
void tls_resume(struct tls *tls, struct slice ticket)
{
    gnutls_session_set_data(tls->session, ticket.data, ticket.len);
}

void tls_feed(struct tls *tls, struct slice ciphertext)
{
    tls->input = ciphertext;
}

enum tls_event tls_step(struct tls *tls, struct slice *ret_plaintext)
{
    release_packet(tls);
    switch (tls->state) {
    case HANDSHAKING:
        return step_handshake(tls);
    case OPEN:
        return step_open(tls, ret_plaintext);
    case CLOSED:
        return TLS_CLOSED;
    case FAILED:
        break;
    }
    return TLS_FAILED;
}

err_t tls_send(struct tls *tls, struct slice plaintext)
{
    size_t sealed = plaintext.len + (plaintext.len / RECORD_MAX + 1) * RECORD_EXTRA;

    if (tls->state == HANDSHAKING)
        return ERR_AGAIN;
    if (tls->state == FAILED || tls->is_shut)
        return ERR_CLOSED;
    if (plaintext.len > OUTBOX_MAX - 2 * OUTPUT_SPARED)
        return ERR_TOOBIG;
    if (outbox_waiting(&tls->output).len + sealed > OUTBOX_MAX - OUTPUT_SPARED)
        return ERR_BUSY;
    TRY(outbox_reserve(&tls->output, sealed));
    while (plaintext.len > 0) {
        ssize_t ret = gnutls_record_send(tls->session, plaintext.data, plaintext.len);

        if (ret < 0) {
            fail(tls, (int)ret);
            return tls->error;
        }
        plaintext = slice_after(plaintext, (size_t)ret);
    }
    return OK;
}

void tls_shutdown(struct tls *tls)
{
    if ((tls->state == OPEN || tls->state == CLOSED) && !tls->is_shut)
        gnutls_bye(tls->session, GNUTLS_SHUT_WR);
    tls->is_shut = true;
}

struct slice tls_output(const struct tls *tls)
{
    return outbox_waiting(&tls->output);
}

void tls_output_sent(struct tls *tls, size_t len)
{
    outbox_sent(&tls->output, len);
}

const char *tls_failure(const struct tls *tls)
{
    return tls->failure ? tls->failure : "";
}

err_t tls_error(const struct tls *tls)
{
    return tls->error;
}

struct slice tls_ticket(struct tls *tls)
{
    if (tls->ticket_count == 0 || tls->state == FAILED)
        return (struct slice){ 0 };
    gnutls_free(tls->lent_ticket.data);
    tls->lent_ticket = tls->tickets[0];
    tls->ticket_count--;
    memmove(&tls->tickets[0], &tls->tickets[1], tls->ticket_count * sizeof tls->tickets[0]);
    return slice_of(tls->lent_ticket.data, tls->lent_ticket.size);
}

bool tls_was_resumed(const struct tls *tls)
{
    return gnutls_session_is_resumed(tls->session);
}

const char *tls_version_text(const struct tls *tls)
{
    const char *text = gnutls_protocol_get_name(gnutls_protocol_get_version(tls->session));

    return tls->state != HANDSHAKING && tls->is_verified && text ? text : "";
}

const char *tls_cipher_text(const struct tls *tls)
{
    const char *text = gnutls_cipher_get_name(gnutls_cipher_get(tls->session));

    return tls->state != HANDSHAKING && tls->is_verified && text ? text : "";
}
