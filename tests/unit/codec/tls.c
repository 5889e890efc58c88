#include "codec/tls.h"

#include "unit/codec/peer.h"
#include "unit/test.h"

#include <stdlib.h>

static const struct slice no_ticket = { 0 };
static const char *const both[] = { PRIORITY_12, PRIORITY_13 };

#define FOR_BOTH_VERSIONS(w) for (size_t v_ = 0; v_ < 2 && ((w)->priority = both[v_], true); v_++)

/* World, server certificate and connection of the common case. */
static struct identity connect_good(struct world *w)
{
    struct identity id = world_good(w);

    world_connect(w, &id, NULL, no_ticket);
    world_talk(w);
    return id;
}

static void check_echo(struct world *w)
{
    CHECK(w->was_ready);
    CHECK_EQUAL(tls_send(w->client, slice_of("question", 8)), OK);
    world_talk(w);
    CHECK(
        slice_equal(slice_of(w->server.plain.bytes, w->server.plain.len), slice_of("question", 8)));
    server_say(&w->server, "response", 8);
    world_talk(w);
    CHECK(slice_equal(slice_of(w->plain.bytes, w->plain.len), slice_of("response", 8)));
}

TEST(tls_good, "client and server shake hands and talk, in TLS 1.2 and 1.3")
{
    struct world w;

    world_open(&w);
    FOR_BOTH_VERSIONS(&w)
    {
        struct identity id = connect_good(&w);

        check_echo(&w);
        CHECK_TEXT(tls_version_text(w.client), v_ == 0 ? "TLS1.2" : "TLS1.3");
        CHECK(!tls_was_resumed(w.client));
        CHECK_TEXT(tls_failure(w.client), "");
        world_disconnect(&w);
        identity_free(&id);
    }
    world_close(&w);
}

TEST(tls_byte_by_byte, "a stream that comes byte by byte is the same stream")
{
    struct world w;

    world_open(&w);
    w.chunk = 1;
    FOR_BOTH_VERSIONS(&w)
    {
        struct identity id = connect_good(&w);

        check_echo(&w);
        world_disconnect(&w);
        identity_free(&id);
    }
    world_close(&w);
}

TEST(tls_alpn, "a server without ALPN is accepted, one that insists on another is not")
{
    struct world w;
    struct identity id;

    world_open(&w);
    w.alpn = "";
    id = connect_good(&w);
    check_echo(&w);
    world_disconnect(&w);
    w.alpn = "h2";
    world_connect(&w, &id, NULL, no_ticket);
    world_talk(&w);
    CHECK_EQUAL(w.last, TLS_FAILED);
    CHECK_TEXT(tls_failure(w.client), "server sent an alert: no common ALPN");
    world_disconnect(&w);
    identity_free(&id);
    world_close(&w);
}

TEST(tls_no_alpn, "a client that names no protocol is taken by a server that would insist on one")
{
    struct world w;
    struct identity id;

    world_open(&w);
    w.alpn = "h2";
    w.peer.alpn = NULL;
    id = connect_good(&w);
    check_echo(&w);
    CHECK_EQUAL(tls_alpn(w.client).len, 0);
    world_disconnect(&w);
    identity_free(&id);
    world_close(&w);
}

TEST(tls_resumes, "a ticket resumes the session, in TLS 1.2 and 1.3, and again with the next one")
{
    struct world w;

    world_open(&w);
    FOR_BOTH_VERSIONS(&w)
    {
        struct identity id = connect_good(&w);

        for (int i = 0; i < 2; i++) {
            struct slice ticket = tls_ticket(w.client);
            uint8_t *copy = malloc(ticket.len + 1);

            CHECK(ticket.len > 0);
            memcpy(copy, ticket.data, ticket.len);
            world_disconnect(&w);
            world_connect(&w, &id, NULL, slice_of(copy, ticket.len));
            world_talk(&w);
            CHECK(tls_was_resumed(w.client));
            check_echo(&w);
            free(copy);
        }
        world_disconnect(&w);
        identity_free(&id);
    }
    world_close(&w);
}

static struct slice server_ticket(struct world *w, uint8_t room[8192])
{
    struct slice ticket = tls_ticket(w->client);

    CHECK(ticket.len <= 8192);
    if (ticket.len > 0)
        memcpy(room, ticket.data, ticket.len);
    return slice_of(room, ticket.len);
}

TEST(tls_hands_out_tickets, "each ticket of a server is handed out once, and each resumes")
{
    static uint8_t rooms[3][8192];
    struct slice tickets[3];
    struct world w;
    struct identity id;

    world_open(&w);
    id = connect_good(&w);
    while (tls_ticket(w.client).len > 0) /* those behind the handshake */
        ;
    CHECK_EQUAL(gnutls_session_ticket_send(w.server.session, 3, 0), 0);
    world_talk(&w);
    for (unsigned i = 0; i < 3; i++) {
        tickets[i] = server_ticket(&w, rooms[i]);
        CHECK(tickets[i].len > 0);
        for (unsigned j = 0; j < i; j++)
            CHECK(!slice_equal(tickets[i], tickets[j]));
    }
    CHECK_EQUAL(tls_ticket(w.client).len, 0);
    for (unsigned i = 0; i < 3; i++) {
        world_disconnect(&w);
        world_connect(&w, &id, NULL, tickets[i]);
        world_talk(&w);
        CHECK(tls_was_resumed(w.client));
        check_echo(&w);
    }
    world_disconnect(&w);
    identity_free(&id);
    world_close(&w);
}

TEST(tls_holds_few_tickets, "a server that sends tickets without end fills no memory")
{
    unsigned count = 0;
    struct world w;
    struct identity id;

    world_open(&w);
    id = connect_good(&w);
    for (unsigned i = 0; i < 100; i++)
        CHECK_EQUAL(gnutls_session_ticket_send(w.server.session, 1, 0), 0);
    world_talk(&w);
    while (tls_ticket(w.client).len > 0)
        count++;
    CHECK(count >= 2 && count <= 8);
    check_echo(&w);
    world_disconnect(&w);
    identity_free(&id);
    world_close(&w);
}

TEST(tls_ticket_is_no_way_around, "a resumed session is verified like the first one")
{
    struct world w;

    world_open(&w);
    FOR_BOTH_VERSIONS(&w)
    {
        struct identity id = connect_good(&w);
        struct slice ticket = tls_ticket(w.client);
        uint8_t *copy = malloc(ticket.len + 1);

        memcpy(copy, ticket.data, ticket.len);
        world_disconnect(&w);
        w.peer.name = "other.example";
        world_connect(&w, &id, NULL, slice_of(copy, ticket.len));
        world_talk(&w);
        CHECK_EQUAL(w.last, TLS_FAILED);
        CHECK(!w.was_ready);
        CHECK_TEXT(tls_failure(w.client), "certificate is not for this name");
        w.peer.name = "dns.example";
        free(copy);
        world_disconnect(&w);
        identity_free(&id);
    }
    world_close(&w);
}

TEST(tls_bad_ticket, "a ticket that is nonsense costs a full handshake and no more")
{
    struct world w;
    struct identity id;

    world_open(&w);
    id = world_good(&w);
    world_connect(&w, &id, NULL, slice_of("nonsense", 8));
    world_talk(&w);
    CHECK(!tls_was_resumed(w.client));
    check_echo(&w);
    world_disconnect(&w);
    identity_free(&id);
    world_close(&w);
}

TEST(tls_other_group, "a server without X25519 gets a second hello with a key share of its liking")
{
    struct world w;
    struct identity id;

    world_open(&w);
    w.priority = PRIORITY_13 ":-GROUP-ALL:+GROUP-SECP256R1";
    id = connect_good(&w);
    check_echo(&w);
    world_disconnect(&w);
    identity_free(&id);
    world_close(&w);
}

TEST(tls_too_old, "a server that knows only TLS 1.1 is refused")
{
    struct world w;
    struct identity id;

    world_open(&w);
    w.priority = PRIORITY_11;
    id = connect_good(&w);
    CHECK_EQUAL(w.last, TLS_FAILED);
    CHECK_EQUAL(tls_error(w.client), ERR_TLS);
    CHECK_TEXT(tls_failure(w.client),
               "server sent an alert: no common TLS version or cipher suite");
    world_disconnect(&w);
    identity_free(&id);
    world_close(&w);
}

TEST(tls_close, "close_notify of the server is told, and ours reaches the server")
{
    struct world w;

    world_open(&w);
    FOR_BOTH_VERSIONS(&w)
    {
        struct identity id = connect_good(&w);

        gnutls_bye(w.server.session, GNUTLS_SHUT_WR);
        world_talk(&w);
        CHECK_EQUAL(w.last, TLS_CLOSED);
        CHECK(!w.server.is_closed);
        tls_shutdown(w.client);
        CHECK_EQUAL(tls_send(w.client, slice_of("late", 4)), ERR_CLOSED);
        world_talk(&w);
        CHECK(w.server.is_closed);
        CHECK(tls_ticket(w.client).len > 0);
        world_disconnect(&w);
        identity_free(&id);
    }
    world_close(&w);
}

TEST(tls_early_send, "nothing can be sent before the peer is verified")
{
    struct world w;
    struct identity id;

    world_open(&w);
    id = world_good(&w);
    world_connect(&w, &id, NULL, no_ticket);
    CHECK_EQUAL(tls_send(w.client, slice_of("early", 5)), ERR_AGAIN);
    CHECK_EQUAL(tls_output(w.client).len, 0);
    world_disconnect(&w);
    identity_free(&id);
    world_close(&w);
}

TEST(tls_few_records, "up to 16 KiB are one record, 100 KiB are seven")
{
    static const uint8_t large[100 << 10];
    struct world w;
    struct identity id;

    world_open(&w);
    id = connect_good(&w);
    CHECK_EQUAL(tls_send(w.client, slice_of(large, 16384)), OK);
    world_talk(&w);
    CHECK_EQUAL(w.server.records, 1);
    CHECK_EQUAL(tls_send(w.client, slice_of(large, sizeof large)), OK);
    world_talk(&w);
    CHECK_EQUAL(w.server.records, 1 + 7);
    CHECK_EQUAL(w.server.plain.len, 16384 + sizeof large);
    world_disconnect(&w);
    identity_free(&id);
    world_close(&w);
}

TEST(tls_output_bound, "too much output is refused before anything of it is sealed")
{
    static const uint8_t large[100 << 10];
    struct world w;
    struct identity id;
    size_t waiting;

    world_open(&w);
    id = connect_good(&w);
    CHECK_EQUAL(tls_send(w.client, slice_of(large, sizeof large)), OK);
    CHECK_EQUAL(tls_send(w.client, slice_of(large, sizeof large)), OK);
    waiting = tls_output(w.client).len;
    CHECK_EQUAL(tls_send(w.client, slice_of(large, sizeof large)), ERR_BUSY);
    CHECK_EQUAL(tls_output(w.client).len, waiting);
    world_talk(&w);
    CHECK_EQUAL(w.server.plain.len, 2 * sizeof large);
    world_disconnect(&w);
    identity_free(&id);
    world_close(&w);
}

TEST(tls_large_data, "what the server says at length comes record by record")
{
    static const uint8_t large[16384] = "start";
    struct world w;
    struct identity id;

    world_open(&w);
    w.chunk = 1400;
    id = connect_good(&w);
    for (int i = 0; i < 10; i++)
        server_say(&w.server, large, sizeof large);
    world_talk(&w);
    CHECK_EQUAL(w.plain.len, 10 * sizeof large);
    CHECK_BYTES(w.plain.bytes + 9 * sizeof large, "start", 5);
    world_disconnect(&w);
    identity_free(&id);
    world_close(&w);
}

TEST(tls_key_update, "keys are renewed when the server asks, without a word to the caller")
{
    struct world w;
    struct identity id;

    world_open(&w);
    id = connect_good(&w);
    CHECK_EQUAL(gnutls_session_key_update(w.server.session, GNUTLS_KU_PEER), 0);
    world_talk(&w);
    check_echo(&w);
    world_disconnect(&w);
    identity_free(&id);
    world_close(&w);
}

TEST(tls_renegotiation, "a server that wants to renegotiate is left")
{
    struct world w;
    struct identity id;

    world_open(&w);
    w.priority = PRIORITY_12;
    id = connect_good(&w);
    gnutls_rehandshake(w.server.session);
    world_talk(&w);
    CHECK_EQUAL(w.last, TLS_FAILED);
    CHECK_TEXT(tls_failure(w.client), "server wants to renegotiate");
    world_disconnect(&w);
    identity_free(&id);
    world_close(&w);
}

TEST(tls_corrupted, "a record that was tampered with ends the session, whichever byte it was")
{
    struct world w;
    struct identity id;

    world_open(&w);
    for (size_t at = 5; at < 40; at += 7) {
        id = connect_good(&w);
        server_say(&w.server, "response with some length", 25);
        w.server.out.bytes[at] ^= 1;
        world_talk(&w);
        CHECK_EQUAL(w.last, TLS_FAILED);
        CHECK_EQUAL(tls_error(w.client), ERR_TLS);
        CHECK(tls_failure(w.client)[0]);
        CHECK_EQUAL(w.plain.len, 0);
        CHECK_EQUAL(tls_send(w.client, slice_of("more", 4)), ERR_CLOSED);
        CHECK_EQUAL(tls_ticket(w.client).len, 0);
        world_disconnect(&w);
        identity_free(&id);
    }
    world_close(&w);
}

TEST(tls_truncated, "half a record is no event: the end of the stream is the caller's news")
{
    struct world w;
    struct identity id;

    world_open(&w);
    id = connect_good(&w);
    server_say(&w.server, "response", 8);
    w.server.out.len -= 3;
    w.last = TLS_WANTS_INPUT;
    world_talk(&w);
    CHECK_EQUAL(w.last, TLS_WANTS_INPUT);
    CHECK_EQUAL(w.plain.len, 0);
    world_disconnect(&w);
    identity_free(&id);
    world_close(&w);
}

TEST(tls_not_tls, "a peer that does not speak TLS is refused")
{
    static const char http[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
    struct world w;
    struct identity id;
    struct slice plaintext;

    world_open(&w);
    id = world_good(&w);
    world_connect(&w, &id, NULL, no_ticket);
    CHECK_EQUAL(tls_step(w.client, &plaintext), TLS_WANTS_INPUT);
    tls_feed(w.client, slice_of(http, sizeof http - 1));
    CHECK_EQUAL(tls_step(w.client, &plaintext), TLS_FAILED);
    CHECK(tls_failure(w.client)[0]);
    world_disconnect(&w);
    identity_free(&id);
    world_close(&w);
}
