/* codec/tls_server.c - a TLS session with a client, who stays unknown.
 *
 * Called by: listen. Owns: a reference on its context.
 */
#include "codec/tls_context.h"
#include "codec/tls_offer.h"
#include "codec/tls_pairs.h"
#include "codec/tls_session.h"

#include <stdlib.h>

#define NAME_SIZE 256 /* a host name, and the final zero */

struct server {
    struct tls base;
    struct tls_context *context;
    struct tls_offer offer; /* where there is a choice of certificates */
    bool has_choice, only_resumes, has_refused;
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

static int hello_came(gnutls_session_t session, unsigned type, unsigned when, unsigned incoming,
                      const gnutls_datum_t *hello)
{
    struct server *s = gnutls_session_get_ptr(session);

    (void)type, (void)incoming;
    if (when == GNUTLS_HOOK_PRE && s->has_choice)
        tls_offer_read(&s->offer, slice_of(hello->data, hello->size));
    s->has_refused =
        when == GNUTLS_HOOK_POST && s->only_resumes && !gnutls_session_is_resumed(session);
    if (!s->has_refused)
        return 0;
    s->base.failure = "too much to do: only resumed sessions are taken";
    return GNUTLS_E_INTERNAL_ERROR; /* which is the alert that fits */
}

int tls_server_choose_pair(gnutls_session_t session, const struct gnutls_cert_retr_st *info,
                           gnutls_pcert_st **ret_chain, unsigned *ret_len,
                           gnutls_ocsp_data_st **ret_ocsp, unsigned *ret_ocsp_len,
                           gnutls_privkey_t *ret_key, unsigned *ret_flags)
{
    const struct server *s = gnutls_session_get_ptr(session);
    char name[NAME_SIZE] = "";
    size_t size = sizeof name;
    unsigned type = GNUTLS_NAME_DNS;
    gnutls_pk_algorithm_t kinds[TLS_OFFER_KINDS_MAX];
    size_t count = tls_offer_kinds(&s->offer, session, kinds);
    const struct tls_pair *pair;

    (void)info;
    if (gnutls_server_name_get(session, name, &size, &type, 0) < 0)
        name[0] = '\0';
    pair = tls_pairs_choose(tls_context_pairs(s->context), name, kinds, count);
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
    ((struct server *)t)->has_choice = tls_context_pairs(context)->count > 1;
    if (((struct server *)t)->has_choice)
        gnutls_handshake_set_hook_function(t->session, GNUTLS_HANDSHAKE_CLIENT_HELLO,
                                           GNUTLS_HOOK_PRE, hello_came);
    *ret_tls = t;
    return OK;
}

void tls_only_resume(struct tls *t)
{
    ((struct server *)t)->only_resumes = true;
    gnutls_handshake_set_hook_function(t->session, GNUTLS_HANDSHAKE_CLIENT_HELLO, GNUTLS_HOOK_BOTH,
                                       hello_came);
}

bool tls_has_refused(const struct tls *t)
{
    return t->side->is_server && ((const struct server *)t)->has_refused;
}
