/* codec/tls_client.c - a TLS session with a server that must be who we mean.
 *
 * Called by: upstream. Owns: the tickets that came. Borrows: context, peer.
 */
#include "codec/tls_context.h"
#include "codec/tls_session.h"
#include "codec/tls_verify.h"

#include <arpa/inet.h>

#define TICKETS_MAX   4      /* that wait to be handed out; of more the first are enough */
#define SWALLOWED_MAX 262144 /* chains of certificates are long, and tickets may be many */

struct client {
    struct tls base;
    const struct tls_context *context;
    const struct tls_peer *peer;
    bool is_verified;                    /* the peer is who we mean */
    gnutls_datum_t tickets[TICKETS_MAX]; /* in the order they came */
    unsigned ticket_count;
    gnutls_datum_t lent_ticket;
};

static int verify(struct client *c)
{
    const char *complaint = tls_verify(c->base.session, tls_context_trust(c->context), c->peer);

    if (complaint) {
        c->base.failure = complaint;
        c->base.error = ERR_UNTRUSTED;
        return GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR;
    }
    c->is_verified = true;
    return 0;
}

static int verify_in_handshake(gnutls_session_t session)
{
    return verify(gnutls_session_get_ptr(session));
}

static void pack_ticket(struct client *c)
{
    if (c->ticket_count < TICKETS_MAX &&
        gnutls_session_get_data2(c->base.session, &c->tickets[c->ticket_count]) >= 0)
        c->ticket_count++;
}

/* GnuTLS holds the newest ticket only: each is packed as it comes. Those of TLS 1.2 come before the
 * session is complete. */
static int message_came(gnutls_session_t session, unsigned type, unsigned when, unsigned incoming,
                        const gnutls_datum_t *message)
{
    struct client *c = gnutls_session_get_ptr(session);

    (void)when, (void)message;
    tls_note_message(session);
    if (type == GNUTLS_HANDSHAKE_NEW_SESSION_TICKET && incoming && c->base.state == TLS_OPEN)
        pack_ticket(c);
    return 0;
}

/* GnuTLS would also pack a TLS 1.2 session that the server does not mean to resume. */
static void pack_old_session(struct client *c)
{
    gnutls_datum_t id = { 0 };

    if (gnutls_protocol_get_version(c->base.session) == GNUTLS_TLS1_2 &&
        gnutls_session_get_id2(c->base.session, &id) >= 0 && id.size > 0)
        pack_ticket(c);
}

/* A resumed session brings the certificates of the first one, judged by today's date, trust and
 * pins: a ticket is no way around them. */
static int agreed(struct tls *t)
{
    struct client *c = (struct client *)t;
    int ret = c->is_verified ? 0 : verify(c);

    if (ret >= 0)
        pack_old_session(c);
    return ret;
}

static void done(struct tls *t)
{
    struct client *c = (struct client *)t;

    gnutls_free(c->lent_ticket.data);
    for (unsigned i = 0; i < c->ticket_count; i++)
        gnutls_free(c->tickets[i].data);
}

/* SNI is for names only: RFC 6066 section 3. */
static int name_peer(gnutls_session_t session, const char *name)
{
    struct in6_addr address;

    if (inet_pton(AF_INET, name, &address) == 1 || inet_pton(AF_INET6, name, &address) == 1)
        return 0;
    return gnutls_server_name_set(session, GNUTLS_NAME_DNS, name, strlen(name));
}

static err_t set_up(struct client *c)
{
    const char *alpn = c->peer->alpn;
    gnutls_datum_t protocol = { (uint8_t *)(uintptr_t)alpn, alpn ? (unsigned)strlen(alpn) : 0 };
    gnutls_session_t session = c->base.session;

    TRY(tls_context_apply(c->context, session));
    if (name_peer(session, c->peer->name) < 0 ||
        (alpn && gnutls_alpn_set_protocols(session, &protocol, 1, 0) < 0))
        return ERR_TLS;
    gnutls_handshake_set_hook_function(session, GNUTLS_HANDSHAKE_ANY, GNUTLS_HOOK_POST,
                                       message_came);
    gnutls_session_set_verify_function(session, verify_in_handshake);
    return OK;
}

err_t tls_open_client(struct tls **ret_tls, const struct tls_context *context,
                      const struct tls_peer *peer)
{
    static const struct tls_side side = {
        .size = sizeof(struct client),
        /* one key share, of the first group: a second one costs each handshake, and is hardly
           needed */
        .flags = GNUTLS_CLIENT | GNUTLS_KEY_SHARE_TOP,
        .swallowed_max = SWALLOWED_MAX,
        .agreed = agreed,
        .done = done,
    };
    struct tls *t;
    struct client *c;
    err_t err;

    if (!peer->name)
        return ERR_USAGE;
    TRY(tls_make(&t, &side));
    c = (struct client *)t;
    c->context = context;
    c->peer = peer;
    err = set_up(c);
    if (err != OK) {
        tls_free(&t);
        return err;
    }
    *ret_tls = t;
    return OK;
}

/* A ticket that GnuTLS cannot read only costs a full handshake. */
void tls_resume(struct tls *tls, struct slice ticket)
{
    gnutls_session_set_data(tls->session, ticket.data, ticket.len);
}

struct slice tls_ticket(struct tls *tls)
{
    struct client *c = (struct client *)tls;

    if (c->ticket_count == 0 || tls->state == TLS_BROKEN)
        return (struct slice){ 0 };
    gnutls_free(c->lent_ticket.data);
    c->lent_ticket = c->tickets[0];
    c->ticket_count--;
    memmove(&c->tickets[0], &c->tickets[1], c->ticket_count * sizeof c->tickets[0]);
    return slice_of(c->lent_ticket.data, c->lent_ticket.size);
}
