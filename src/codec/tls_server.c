/* codec/tls_server.c - a TLS session with a client, who stays unknown.
 *
 * Called by: listen. Owns: a reference on its context.
 */
#include "codec/tls_context.h"
#include "codec/tls_session.h"

#include <stdlib.h>

struct server {
    struct tls base;
    struct tls_context *context;
};

/* One ticket: a client that opens several connections at once is rare, and a second one costs each
 * handshake. A client that resumed gets a new one too (RFC 8446 appendix C.4). */
static int agreed(struct tls *t)
{
    const struct server *s = (const struct server *)t;

    if (tls_context_gives_tickets(s->context) &&
        gnutls_protocol_get_version(t->session) == GNUTLS_TLS1_3)
        return gnutls_session_ticket_send(t->session, 1, 0);
    return 0;
}

static void done(struct tls *t)
{
    tls_context_unref(&((struct server *)t)->context);
}

err_t tls_open_server(struct tls **ret_tls, struct tls_context *context)
{
    static const struct tls_side side = {
        .size = sizeof(struct server),
        .flags = GNUTLS_SERVER | GNUTLS_NO_AUTO_SEND_TICKET,
        .is_server = true,
        .agreed = agreed,
        .done = done,
    };
    struct tls *t;

    TRY(tls_make(&t, &side));
    ((struct server *)t)->context = tls_context_ref(context);
    if (tls_context_apply(context, t->session) != OK) {
        tls_free(&t);
        return ERR_TLS;
    }
    *ret_tls = t;
    return OK;
}
