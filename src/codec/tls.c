/* codec/tls.c - one TLS session as a machine: ciphertext in, events and ciphertext out.
 *
 * GnuTLS does the work between a pull function that reads what was fed and a push function that
 * fills the outbox; neither makes a system call. Called by: upstream, listen; tls_client.c and
 * tls_server.c make the sessions. Owns: the GnuTLS session, the output, the record that is being
 * read. Borrows: what is fed.
 */
#include "codec/tls_session.h"

#include <errno.h>
#include <stdlib.h>

#define RECORD_MAX    16384 /* RFC 8446 section 5.1: plaintext of one record */
#define RECORD_EMPTY  17    /* RFC 8446 section 5.2: a type and a tag, and nothing that they seal */
#define RECORD_EXTRA  64    /* header, nonce, type and tag: 29 bytes at most in our suites */
#define OUTPUT_SPARED 4096  /* of the outbox for alerts and key updates, when plaintext fills it */
#define IDLE_MAX      16    /* turns of GnuTLS that neither read nor want to: more is a bug */

static bool is_between_records(const struct tls *t)
{
    return t->record.have == 0 && t->record.left == 0;
}

/* Behind the handshake of TLS 1.3 each record is data, or one whole message, or it is empty. GnuTLS
 * never comes back from an empty record behind half a message, so there is none behind that. */
static bool was_half_a_message(const struct tls *t)
{
    return t->state == TLS_OPEN && t->record.len > RECORD_EMPTY &&
           gnutls_protocol_get_version(t->session) == GNUTLS_TLS1_3;
}

/* GnuTLS gathers a handshake message until it is whole, were it of 16 MiB, before the handshake is
 * over and after it. */
static const char *why_not_more(const struct tls *t, size_t len)
{
    if (len > t->side->swallowed_max - t->swallowed)
        return "handshake message too long";
    return is_between_records(t) && was_half_a_message(t) ? "handshake message in pieces" : NULL;
}

/* How many of `size` bytes lie in the record that is read: no more than its head, or what is behind
 * it. */
static size_t rest_of_record(const struct tls *t, size_t size)
{
    size_t rest = t->record.left > 0 ? t->record.left : TLS_RECORD_HEAD - t->record.have;

    return size < rest ? size : rest;
}

static void follow_record(struct tls *t, struct slice bytes)
{
    const uint8_t *head = t->record.head;

    if (t->record.left > 0) {
        t->record.left -= bytes.len;
        return;
    }
    memcpy(t->record.head + t->record.have, bytes.data, bytes.len);
    t->record.have += bytes.len;
    if (t->record.have < TLS_RECORD_HEAD)
        return;
    t->record.have = 0;
    t->record.left = t->record.len = (size_t)head[3] << 8 | head[4];
}

static ssize_t pull(gnutls_transport_ptr_t tls, void *room, size_t size)
{
    struct tls *t = tls;
    size_t len = rest_of_record(t, size < t->input.len ? size : t->input.len);
    const char *complaint = len > 0 ? why_not_more(t, len) : NULL;

    if (complaint) {
        t->failure = complaint;
        gnutls_transport_set_errno(t->session, EMSGSIZE);
        return -1;
    }
    if (len == 0) {
        t->is_starved = true;
        gnutls_transport_set_errno(t->session, EAGAIN);
        return -1;
    }
    memcpy(room, t->input.data, len);
    follow_record(t, slice_of(room, len));
    t->input = slice_after(t->input, len);
    t->swallowed += len;
    return (ssize_t)len;
}

void tls_note_message(gnutls_session_t session)
{
    struct tls *t = gnutls_session_get_ptr(session);

    t->record.len = 0;
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

/* The alert that the peer has sent. */
static const char *alert_words(const struct tls *t)
{
    static const struct {
        gnutls_alert_description_t alert;
        const char *of_client, *of_server;
    } alerts[] = {
#define ALERT(name, text)                                                                          \
    { GNUTLS_A_##name, "client sent an alert: " text, "server sent an alert: " text },
#include "codec/alerts.def"
#undef ALERT
    };
    gnutls_alert_description_t alert = gnutls_alert_get(t->session);

    for (size_t i = 0; i < sizeof alerts / sizeof *alerts; i++)
        if (alerts[i].alert == alert)
            return t->side->is_server ? alerts[i].of_client : alerts[i].of_server;
    return t->side->is_server ? "client sent an alert" : "server sent an alert";
}

static const char *explain(const struct tls *t, int ret)
{
    if (ret == GNUTLS_E_FATAL_ALERT_RECEIVED)
        return alert_words(t);
    if (ret == GNUTLS_E_UNSUPPORTED_VERSION_PACKET)
        return "no common TLS version";
    if (ret == GNUTLS_E_REHANDSHAKE)
        return t->side->is_server ? "client wants to renegotiate" : "server wants to renegotiate";
    return gnutls_strerror(ret);
}

static enum tls_event fail(struct tls *t, int ret)
{
    if (!t->failure) /* else verification knows best */
        t->failure = explain(t, ret);
    t->state = TLS_BROKEN;
    if (t->error == OK)
        t->error = ret == GNUTLS_E_MEMORY_ERROR ? ERR_NOMEM : ERR_TLS;
    if (ret != GNUTLS_E_FATAL_ALERT_RECEIVED && ret != GNUTLS_E_PUSH_ERROR)
        gnutls_alert_send_appropriate(t->session, ret);
    return TLS_FAILED;
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

    if (t->packet)
        t->swallowed = t->record.len = 0;
    if (ret == 0 && t->packet) {
        release_packet(t);
        return GNUTLS_E_INTERRUPTED;
    }
    return (int)ret;
}

/* In one record with the last message of the handshake, though keys change behind it (RFC 8446
 * section 5.1). GnuTLS would take it for data, find that it is none, and forget to free it. */
static bool has_more_than_a_handshake(const struct tls *t)
{
    return gnutls_record_check_pending(t->session) > 0;
}

static enum tls_event step_handshake(struct tls *t)
{
    int ret = run(t, handshake_once);

    if (ret == GNUTLS_E_AGAIN)
        return TLS_WANTS_INPUT;
    if (ret >= 0)
        ret = has_more_than_a_handshake(t) ? GNUTLS_E_UNEXPECTED_PACKET : t->side->agreed(t);
    if (ret < 0)
        return fail(t, ret);
    t->is_agreed = true;
    t->swallowed = t->record.len = 0;
    t->state = TLS_OPEN;
    return TLS_READY;
}

/* Otherwise GnuTLS would allocate a whole record to find that there is none. */
static bool has_input(const struct tls *t)
{
    return t->input.len > 0 || gnutls_record_check_pending(t->session) > 0;
}

static enum tls_event step_open(struct tls *t, struct slice *ret_plaintext)
{
    int ret = has_input(t) ? run(t, receive_once) : GNUTLS_E_AGAIN;
    gnutls_datum_t plaintext;

    if (ret == GNUTLS_E_AGAIN)
        return TLS_WANTS_INPUT;
    if (ret < 0)
        return fail(t, ret);
    if (ret == 0) {
        t->state = TLS_CLOSED_BY_PEER;
        return TLS_CLOSED;
    }
    gnutls_packet_get(t->packet, &plaintext, NULL);
    *ret_plaintext = slice_of(plaintext.data, plaintext.size);
    return TLS_DATA;
}

err_t tls_make(struct tls **ret_tls, const struct tls_side *side)
{
    struct tls *t = calloc(1, side->size);

    if (!t)
        return ERR_NOMEM;
    t->side = side;
    if (gnutls_init(&t->session, side->flags | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL) < 0) {
        free(t);
        return ERR_NOMEM;
    }
    gnutls_session_set_ptr(t->session, t);
    gnutls_transport_set_ptr(t->session, t);
    gnutls_transport_set_pull_function(t->session, pull);
    gnutls_transport_set_pull_timeout_function(t->session, pull_timeout);
    gnutls_transport_set_vec_push_function(t->session, push);
    *ret_tls = t;
    return OK;
}

void tls_free(struct tls **tls)
{
    struct tls *t = *tls;

    if (!t)
        return;
    release_packet(t);
    gnutls_deinit(t->session);
    t->side->done(t);
    outbox_done(&t->output);
    free(t);
    *tls = NULL;
}

void tls_feed(struct tls *tls, struct slice ciphertext)
{
    tls->input = ciphertext;
}

enum tls_event tls_step(struct tls *tls, struct slice *ret_plaintext)
{
    release_packet(tls);
    switch (tls->state) {
    case TLS_HANDSHAKING:
        return step_handshake(tls);
    case TLS_OPEN:
        return step_open(tls, ret_plaintext);
    case TLS_CLOSED_BY_PEER:
        return TLS_CLOSED;
    case TLS_BROKEN:
        break;
    }
    return TLS_FAILED;
}

err_t tls_send(struct tls *tls, struct slice plaintext)
{
    size_t sealed = plaintext.len + (plaintext.len / RECORD_MAX + 1) * RECORD_EXTRA;

    if (tls->state == TLS_HANDSHAKING)
        return ERR_AGAIN;
    if (tls->state == TLS_BROKEN || tls->is_shut)
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
    if ((tls->state == TLS_OPEN || tls->state == TLS_CLOSED_BY_PEER) && !tls->is_shut)
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

size_t tls_held(const struct tls *tls)
{
    return tls->output.size;
}

err_t tls_error(const struct tls *tls)
{
    return tls->error;
}

struct slice tls_alpn(const struct tls *tls)
{
    gnutls_datum_t name = { 0 };

    if (gnutls_alpn_get_selected_protocol(tls->session, &name) < 0)
        return (struct slice){ 0 };
    return slice_of(name.data, name.size);
}

size_t tls_server_name(const struct tls *tls, char name[TLS_NAME_SIZE])
{
    size_t size = TLS_NAME_SIZE;
    unsigned type = GNUTLS_NAME_DNS;

    if (gnutls_server_name_get(tls->session, name, &size, &type, 0) < 0)
        return 0;
    return strnlen(name, TLS_NAME_SIZE);
}

bool tls_was_resumed(const struct tls *tls)
{
    return gnutls_session_is_resumed(tls->session);
}

const char *tls_version_text(const struct tls *tls)
{
    const char *text = gnutls_protocol_get_name(gnutls_protocol_get_version(tls->session));

    return tls->is_agreed && text ? text : "";
}
