/* codec/tls_server.c - a TLS session with a client, who stays unknown.
 *
 * Called by: listen. Owns: a reference on its context.
 */
#include "base/reader.h"
#include "codec/tls_context.h"
#include "codec/tls_pairs.h"
#include "codec/tls_session.h"

#include <stdlib.h>

#define KINDS_MAX     32    /* more than there are signature algorithms that we know */
#define SWALLOWED_MAX 65536 /* a whole handshake of a client takes 4 KiB, a record 17 */

struct server {
    struct tls base;
    struct tls_context *context;
    bool takes_ecdsa, takes_rsa; /* as far as the client's suites say */
    bool has_choice, only_resumes, has_refused;
};

static int message_came(gnutls_session_t session, unsigned type, unsigned when, unsigned incoming,
                        const gnutls_datum_t *message)
{
    (void)type, (void)when, (void)incoming, (void)message;
    tls_note_message(session);
    return 0;
}

/* One ticket: a client that opens several connections at once is rare, and a second one costs each
 * handshake. A client that resumed gets a new one too (RFC 8446 appendix C.4). */
static int agreed(struct tls *t)
{
    const struct server *s = (const struct server *)t;

    gnutls_handshake_set_hook_function(t->session, GNUTLS_HANDSHAKE_ANY, GNUTLS_HOOK_POST,
                                       message_came);
    if (tls_context_gives_tickets(s->context) &&
        gnutls_protocol_get_version(t->session) == GNUTLS_TLS1_3)
        return gnutls_session_ticket_send(t->session, 1, 0);
    return 0;
}

static void done(struct tls *t)
{
    tls_context_unref(&((struct server *)t)->context);
}

/* A suite of TLS 1.2 goes with one kind of key, those of TLS 1.3 (RFC 8446 appendix B.4) with all.
 */
static void note_suite(struct server *s, uint16_t suite)
{
    static const struct {
        uint16_t suite;
        bool is_rsa;
    } suites[] = {
        { 0xC02B, false }, { 0xC02C, false }, { 0xCCA9, false }, /* RFC 5289, RFC 7905 */
        { 0xC02F, true },  { 0xC030, true },  { 0xCCA8, true },
    };

    if (suite >> 8 == 0x13)
        s->takes_ecdsa = s->takes_rsa = true;
    for (size_t i = 0; i < sizeof suites / sizeof *suites; i++)
        if (suites[i].suite == suite)
            *(suites[i].is_rsa ? &s->takes_rsa : &s->takes_ecdsa) = true;
}

static void note_suites(struct server *s, struct slice list)
{
    struct reader r = reader_of(list);

    for (uint16_t suite = read_u16(&r); !r.failed; suite = read_u16(&r))
        note_suite(s, suite);
}

/* Of a ClientHello (RFC 8446 section 4.1.2), which GnuTLS does not tell. */
static err_t read_suites(struct slice hello, struct slice *ret_list)
{
    struct reader r;
    struct slice list;

    if (hello.len == 0)
        return ERR_MALFORMED;
    r = reader_of(hello);
    read_bytes(&r, 2 + 32); /* version, random */
    read_bytes(&r, read_u8(&r));
    list = read_bytes(&r, read_u16(&r));
    if (r.failed)
        return ERR_MALFORMED;
    *ret_list = list;
    return OK;
}

static void note_offer(struct server *s, struct slice hello)
{
    struct slice list;

    s->takes_ecdsa = s->takes_rsa = false;
    if (read_suites(hello, &list) == OK)
        note_suites(s, list);
    /* what is malformed GnuTLS refuses itself */
}

static int look_at_hello(gnutls_session_t session, unsigned type, unsigned when, unsigned incoming,
                         const gnutls_datum_t *message)
{
    struct server *s = gnutls_session_get_ptr(session);

    (void)type, (void)incoming;
    if (when == GNUTLS_HOOK_PRE && s->has_choice)
        note_offer(s, slice_of(message->data, message->size));
    s->has_refused =
        when == GNUTLS_HOOK_POST && s->only_resumes && !gnutls_session_is_resumed(session);
    if (!s->has_refused)
        return 0;
    s->base.failure = "too much to do: only resumed sessions are taken";
    return GNUTLS_E_INTERNAL_ERROR; /* which is the alert that fits */
}

/* The kinds of keys whose signatures the client can verify. */
static size_t list_kinds(gnutls_session_t session, gnutls_pk_algorithm_t kinds[KINDS_MAX])
{
    const struct server *s = gnutls_session_get_ptr(session);
    gnutls_sign_algorithm_t sign;
    size_t count = 0;

    for (size_t i = 0;
         count < KINDS_MAX && gnutls_sign_algorithm_get_requested(session, i, &sign) >= 0; i++) {
        gnutls_pk_algorithm_t kind = gnutls_sign_get_pk_algorithm(sign);
        bool is_rsa = kind == GNUTLS_PK_RSA || kind == GNUTLS_PK_RSA_PSS;

        if (is_rsa ? s->takes_rsa : s->takes_ecdsa)
            kinds[count++] = kind;
    }
    return count;
}

int tls_server_choose_pair(gnutls_session_t session, const struct gnutls_cert_retr_st *info,
                           gnutls_pcert_st **ret_chain, unsigned *ret_len,
                           gnutls_ocsp_data_st **ret_ocsp, unsigned *ret_ocsp_len,
                           gnutls_privkey_t *ret_key, unsigned *ret_flags)
{
    const struct server *s = gnutls_session_get_ptr(session);
    char name[TLS_NAME_SIZE + 1];
    gnutls_pk_algorithm_t kinds[KINDS_MAX];
    size_t kind_count = list_kinds(session, kinds);
    const struct tls_pair *pair;

    (void)info; /* of a client it says nothing */
    name[tls_server_name(&s->base, name)] = '\0';
    pair = tls_pairs_choose(tls_context_pairs(s->context), name, kinds, kind_count);
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
        .swallowed_max = SWALLOWED_MAX,
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
                                           GNUTLS_HOOK_PRE, look_at_hello);
    *ret_tls = t;
    return OK;
}

void tls_only_resume(struct tls *t)
{
    ((struct server *)t)->only_resumes = true;
    gnutls_handshake_set_hook_function(t->session, GNUTLS_HANDSHAKE_CLIENT_HELLO, GNUTLS_HOOK_BOTH,
                                       look_at_hello);
}

bool tls_has_refused(const struct tls *t)
{
    return t->side->is_server && ((const struct server *)t)->has_refused;
}
