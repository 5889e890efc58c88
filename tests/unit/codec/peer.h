/* tests/unit/codec/peer.h - a TLS server in memory, and a client machine that talks to it. */
#ifndef UNIT_CODEC_PEER_H
#define UNIT_CODEC_PEER_H

#include "codec/tls.h"
#include "codec/tls_context.h"
#include "unit/codec/pki.h"

#define PRIORITY_12 "NORMAL:-VERS-ALL:+VERS-TLS1.2"
#define PRIORITY_13 "NORMAL:-VERS-ALL:+VERS-TLS1.3"
#define PRIORITY_11 "NORMAL:-VERS-ALL:+VERS-TLS1.1:+SHA1:%ALLOW_SMALL_RECORDS"

struct pile {
    uint8_t *bytes;
    size_t len;
};

struct server {
    gnutls_session_t session;
    gnutls_certificate_credentials_t credentials;
    struct pile in, out; /* in: ciphertext of the client; out: for it */
    struct pile plain;   /* what the client said */
    unsigned records;    /* in how many records it said it */
    int handshake;       /* result of the last try, 0 when done */
    bool is_closed;      /* the client said close_notify */
};

/* An authority, whom the context trusts, and what one test needs. */
struct world {
    struct identity authority;
    struct tls_context *context;
    gnutls_datum_t ticket_key;
    const char *priority; /* of servers; NULL for PRIORITY_13 */
    const char *alpn;     /* "dot" unless set; "" for a server without */
    struct tls_peer peer; /* whom the client means */
    size_t chunk;         /* bytes fed to the client at a time; 0 for all */
    struct server server;
    struct tls *client;
    struct pile plain;   /* what the server said */
    enum tls_event last; /* of the client, but TLS_WANTS_INPUT */
    bool was_ready;
};

void world_open(struct world *w);
void world_close(struct world *w);

/* A client and a server with this certificate, which both have said nothing yet. The chain is the
 * certificate and, if not NULL, `also`. */
void world_connect(struct world *w, const struct identity *id, const struct identity *also,
                   struct slice ticket);
void world_disconnect(struct world *w);

/* Carries bytes to and fro until nobody has anything to say. */
void world_talk(struct world *w);

void server_say(struct server *s, const void *data, size_t len);

/* A certificate for dns.example, signed by the authority. */
struct identity world_good(const struct world *w);

#endif
