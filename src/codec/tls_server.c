/* codec/tls_server.c - a TLS session with a client, who stays unknown.
 *
 * Called by: listen. Owns: a reference on its context.
 */
#include "codec/tls_context.h"
#include "codec/tls_pairs.h"
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

int tls_server_choose_pair(gnutls_session_t session, const struct gnutls_cert_retr_st *info,
                           gnutls_pcert_st **ret_chain, unsigned *ret_len,
                           gnutls_ocsp_data_st **ret_ocsp, unsigned *ret_ocsp_len,
                           gnutls_privkey_t *ret_key, unsigned *ret_flags)
{
    const struct server *s = gnutls_session_get_ptr(session);
    char name[TLS_NAME_SIZE + 1];
    const struct tls_pair *pair;

    name[tls_server_name(&s->base, name)] = '\0';
    pair = tls_pairs_choose(tls_context_pairs(s->context), name, info->pk_algos,
                            info->pk_algos_length);
    *ret_chain = (gnutls_pcert_st *)(uintptr_t)pair->chain; /* which GnuTLS only reads */
    *ret_len = pair->chain_len;
    *ret_key = pair->key;
    *ret_ocsp = NULL;
    *ret_ocsp_len = 0;
    *ret_flags = 0;
    return 0;
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
