#ifndef CODEC_TLS_VERIFY_H
#define CODEC_TLS_VERIFY_H

#include <gnutls/gnutls.h>

struct tls_peer;
struct trust;

/* Judges the certificates of the session's peer, those of a resumed session too. NULL when it is
 * who we mean, else why not, in words for a person that last for ever. */
const char *tls_verify(gnutls_session_t session, const struct trust *trust,
                       const struct tls_peer *peer);

#endif
