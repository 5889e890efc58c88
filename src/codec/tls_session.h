#ifndef CODEC_TLS_SESSION_H
#define CODEC_TLS_SESSION_H

#include "codec/outbox.h"
#include "codec/tls.h"

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>

/* For tls.c, tls_client.c and tls_server.c only. */

enum tls_state { TLS_HANDSHAKING, TLS_OPEN, TLS_CLOSED_BY_PEER, TLS_BROKEN };

/* What a client's and a server's session do not have in common. */
struct tls_side {
    size_t size;    /* of the struct that begins with struct tls */
    unsigned flags; /* of gnutls_init */
    bool is_server;
    size_t
        swallowed_max; /* bytes that the peer may send without a word for us: GnuTLS keeps them */
    int (*agreed)(struct tls *t); /* the handshake is over; a GnuTLS error refuses the peer */
    void (*done)(struct tls *t);
};

#define TLS_RECORD_HEAD 5 /* RFC 8446 section 5.1 */

struct tls {
    const struct tls_side *side;
    gnutls_session_t session;
    struct slice input;
    size_t swallowed; /* of it, by GnuTLS, since there was plaintext */
    struct {
        uint8_t head[TLS_RECORD_HEAD];
        size_t have, left; /* of its head, and behind it */
        size_t len;        /* of the last one that nothing has come of; else 0 */
    } record;
    struct outbox output;
    gnutls_packet_t packet; /* whose plaintext is lent */
    const char *failure;    /* NULL: none yet */
    err_t error;
    enum tls_state state;
    bool is_starved; /* GnuTLS asked for more input than there was */
    bool is_agreed;  /* the handshake was completed */
    bool is_shut;    /* we said close_notify */
};

/* GnuTLS told of a handshake message that came whole. */
void tls_note_message(gnutls_session_t session);

/* Gives a server's session one of the pairs of its context. */
gnutls_certificate_retrieve_function3 tls_server_choose_pair;

/* A session that reads what is fed and writes to its outbox; ERR_NOMEM. */
err_t tls_make(struct tls **ret_tls, const struct tls_side *side);

#endif
