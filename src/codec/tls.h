#ifndef CODEC_TLS_H
#define CODEC_TLS_H

#include "base/err.h"
#include "base/slice.h"

struct tls_context;

/* One TLS session without a socket: ciphertext in and out, plaintext in and out. */
struct tls;

/* Who must answer. Borrowed for the session's life. */
struct tls_peer {
    const char *name; /* DNS name or IP address that the certificate must bear */
    const uint8_t (
        *pins)[32];   /* SHA-256 of SubjectPublicKeyInfo: one of them must be that of the */
    size_t pin_count; /* certificate or of one that signed it (RFC 7858 section 4.2) */
    const char *alpn; /* the protocol that is asked for (RFC 7301); NULL: none is named */
};

enum tls_event {
    TLS_WANTS_INPUT, /* all that was fed is consumed */
    TLS_READY,       /* the peer is who we mean; once, before any TLS_DATA */
    TLS_DATA,
    TLS_CLOSED, /* the peer said close_notify: what came before it is all it sent */
    TLS_FAILED, /* see tls_failure; an alert for the peer may lie in the output */
};

/* ERR_NOMEM, ERR_USAGE when the peer has no name, ERR_TLS. */
err_t tls_open_client(struct tls **ret_tls, const struct tls_context *context,
                      const struct tls_peer *peer);
/* A server's side. Keeps a reference on `context`, which tls_context_new_server has made.
 * ERR_NOMEM, ERR_TLS. */
err_t tls_open_server(struct tls **ret_tls, struct tls_context *context);
void tls_free(struct tls **tls);

/* Of a server's session, before the first step: a client that resumes no earlier one is refused,
 * before keys are agreed on or anything is signed; and whether that has happened. */
void tls_only_resume(struct tls *tls);
bool tls_has_refused(const struct tls *tls);

/* After TLS_READY: the protocol that was agreed on (RFC 7301); empty when the client named none. */
struct slice tls_alpn(const struct tls *tls);

/* Memory held for what has not been sent. */
size_t tls_held(const struct tls *tls);

/* Before the first step: `ticket` resumes an earlier session with this peer, if the server agrees.
 * The session is no less verified. */
void tls_resume(struct tls *tls, struct slice ticket);

/* `ciphertext` is borrowed until tls_step has returned TLS_WANTS_INPUT. When the stream ends
 * without TLS_CLOSED it was cut off: there is nothing to feed then. */
void tls_feed(struct tls *tls, struct slice ciphertext);

/* What happened next. The plaintext of TLS_DATA is borrowed until the next call; TLS_CLOSED and
 * TLS_FAILED are repeated. The first step of a client only makes output. */
enum tls_event tls_step(struct tls *tls, struct slice *ret_plaintext);

/* Seals `plaintext` into as few records as possible. ERR_AGAIN before TLS_READY, ERR_BUSY while too
 * much output waits (nothing was sealed then), ERR_CLOSED after tls_shutdown or a failure. */
err_t tls_send(struct tls *tls, struct slice plaintext);

/* Says close_notify. The peer may still send, and should answer in kind. */
void tls_shutdown(struct tls *tls);

/* What waits to be sent to the peer; borrowed until the next call of any function here. */
struct slice tls_output(const struct tls *tls);
void tls_output_sent(struct tls *tls, size_t len);

/* Why it failed, for a person ("certificate has expired"), and whether the certificate was the
 * reason (ERR_UNTRUSTED) or not (ERR_TLS, ERR_NOMEM). Empty and OK if it has not failed. The text
 * lasts for ever. */
const char *tls_failure(const struct tls *tls);
err_t tls_error(const struct tls *tls);

/* The next of the tickets that resume this session, each handed out once (RFC 8446 appendix C.4),
 * 1 to 4 KB long; borrowed until the next call of this function. Empty if there is none. TLS 1.3
 * servers send them behind the handshake, mostly two: ask after each piece that was fed, for only a
 * few are held. */
struct slice tls_ticket(struct tls *tls);

/* A server's side, after TLS_READY: the name that the client asked for (SNI, RFC 6066 section 3).
 * Returns its length; 0: none. */
#define TLS_NAME_SIZE 256
size_t tls_server_name(const struct tls *tls, char name[TLS_NAME_SIZE]);

bool tls_was_resumed(const struct tls *tls);
const char *tls_version_text(const struct tls *tls); /* "TLS1.3"; "" before TLS_READY */

#endif
