/* tests/unit/codec/peer.c - a TLS server in memory, and a client machine that talks to it. */
#include "unit/codec/peer.h"

#include "unit/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void pile_add(struct pile *p, const void *data, size_t len)
{
    p->bytes = realloc(p->bytes, p->len + len + 1);
    CHECK(p->bytes);
    memcpy(p->bytes + p->len, data, len);
    p->len += len;
}

static void pile_take(struct pile *p, size_t len)
{
    p->len -= len;
    memmove(p->bytes, p->bytes + len, p->len);
}

static void pile_empty(struct pile *p)
{
    free(p->bytes);
    *p = (struct pile){ 0 };
}

static ssize_t server_pull(gnutls_transport_ptr_t server, void *room, size_t size)
{
    struct server *s = server;
    size_t len = size < s->in.len ? size : s->in.len;

    if (len == 0) {
        gnutls_transport_set_errno(s->session, EAGAIN);
        return -1;
    }
    memcpy(room, s->in.bytes, len);
    pile_take(&s->in, len);
    return (ssize_t)len;
}

static int server_pull_timeout(gnutls_transport_ptr_t server, unsigned ms)
{
    (void)ms;
    return ((struct server *)server)->in.len > 0;
}

static ssize_t server_push(gnutls_transport_ptr_t server, const void *data, size_t len)
{
    pile_add(&((struct server *)server)->out, data, len);
    return (ssize_t)len;
}

static void server_open(struct server *s, const struct world *w, const struct identity *id,
                        const struct identity *also)
{
    gnutls_x509_crt_t chain[] = { id->certificate, also ? also->certificate : NULL };
    const char *alpn = w->alpn ? w->alpn : "dot";
    gnutls_datum_t protocol = { (uint8_t *)(uintptr_t)alpn, (unsigned)strlen(alpn) };

    *s = (struct server){ .handshake = GNUTLS_E_AGAIN };
    CHECK_EQUAL(gnutls_init(&s->session, GNUTLS_SERVER | GNUTLS_NONBLOCK), 0);
    CHECK_EQUAL(
        gnutls_priority_set_direct(s->session, w->priority ? w->priority : PRIORITY_13, NULL), 0);
    gnutls_certificate_allocate_credentials(&s->credentials);
    CHECK(gnutls_certificate_set_x509_key(s->credentials, chain, also ? 2 : 1, id->key) >= 0);
    gnutls_credentials_set(s->session, GNUTLS_CRD_CERTIFICATE, s->credentials);
    gnutls_session_ticket_enable_server(s->session, &w->ticket_key);
    if (alpn[0])
        gnutls_alpn_set_protocols(s->session, &protocol, 1, GNUTLS_ALPN_MANDATORY);
    gnutls_transport_set_ptr(s->session, s);
    gnutls_transport_set_pull_function(s->session, server_pull);
    gnutls_transport_set_pull_timeout_function(s->session, server_pull_timeout);
    gnutls_transport_set_push_function(s->session, server_push);
}

static void server_close(struct server *s)
{
    gnutls_deinit(s->session);
    gnutls_certificate_free_credentials(s->credentials);
    pile_empty(&s->in);
    pile_empty(&s->out);
    pile_empty(&s->plain);
}

static void server_turn(struct server *s)
{
    char room[16384];
    ssize_t len;

    if (s->handshake != 0) {
        if (s->handshake != GNUTLS_E_AGAIN)
            return;
        s->handshake = gnutls_handshake(s->session);
        if (s->handshake != 0) {
            if (gnutls_error_is_fatal(s->handshake))
                gnutls_alert_send_appropriate(s->session, s->handshake);
            return;
        }
    }
    do { /* again after a key update, which yields nothing */
        len = gnutls_record_recv(s->session, room, sizeof room);
        if (len > 0) {
            pile_add(&s->plain, room, (size_t)len);
            s->records++;
        }
        s->is_closed |= len == 0;
    } while (len > 0 || (len == GNUTLS_E_AGAIN && s->in.len > 0));
}

void server_say(struct server *s, const void *data, size_t len)
{
    CHECK_EQUAL(gnutls_record_send(s->session, data, len), len);
}

void world_open(struct world *w)
{
    static const struct recipe authority = { .common_name = "Authority", .is_authority = true };
    char path[] = "/tmp/dotproxy-test-XXXXXX", reason[TLS_REASON_MAX];

    *w = (struct world){ .peer = { .name = "dns.example", .alpn = "dot" } };
    w->authority = identity_make(&authority, NULL);
    CHECK(close(mkstemp(path)) == 0);
    identity_write(&w->authority, path);
    CHECK_EQUAL(tls_context_new_client(&w->context, path, reason), OK);
    unlink(path);
    gnutls_session_ticket_key_generate(&w->ticket_key);
}

void world_close(struct world *w)
{
    tls_context_unref(&w->context);
    identity_free(&w->authority);
    gnutls_free(w->ticket_key.data);
}

void world_connect(struct world *w, const struct identity *id, const struct identity *also,
                   struct slice ticket)
{
    server_open(&w->server, w, id, also);
    w->was_ready = false;
    w->last = TLS_WANTS_INPUT;
    CHECK_EQUAL(tls_open_client(&w->client, w->context, &w->peer), OK);
    if (ticket.len > 0)
        tls_resume(w->client, ticket);
}

void world_disconnect(struct world *w)
{
    tls_free(&w->client);
    server_close(&w->server);
    pile_empty(&w->plain);
}

static void client_turn(struct world *w)
{
    struct slice plaintext;
    enum tls_event event;

    while ((event = tls_step(w->client, &plaintext)) != TLS_WANTS_INPUT) {
        CHECK(event != TLS_DATA || w->was_ready);
        CHECK(event != TLS_READY || !w->was_ready);
        w->last = event;
        w->was_ready |= event == TLS_READY;
        if (event == TLS_CLOSED || event == TLS_FAILED)
            return;
        if (event == TLS_DATA)
            pile_add(&w->plain, plaintext.data, plaintext.len);
    }
}

/* In a block of exactly its size, which is gone afterwards. */
static void feed_client(struct world *w, size_t len)
{
    uint8_t *copy = malloc(len);

    memcpy(copy, w->server.out.bytes, len);
    pile_take(&w->server.out, len);
    tls_feed(w->client, slice_of(copy, len));
    client_turn(w);
    free(copy);
}

void world_talk(struct world *w)
{
    client_turn(w);
    do {
        struct slice out = tls_output(w->client);

        pile_add(&w->server.in, out.data ? out.data : (const uint8_t *)"", out.len);
        tls_output_sent(w->client, out.len);
        server_turn(&w->server);
        while (w->server.out.len > 0)
            feed_client(w, w->chunk && w->chunk < w->server.out.len ? w->chunk : w->server.out.len);
    } while (tls_output(w->client).len > 0);
}

struct identity world_good(const struct world *w)
{
    static const struct recipe good = { .dns_name = "dns.example",
                                        .purpose = GNUTLS_KP_TLS_WWW_SERVER };

    return identity_make(&good, &w->authority);
}
