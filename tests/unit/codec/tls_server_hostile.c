#include "unit/codec/seal.h"
#include "unit/codec/tls_pair.h"
#include "unit/test.h"

/* A ClientHello that claims to have `len` bytes, in records of 1 KiB; how many were taken. */
static size_t feed_hello(struct tls *server, size_t len)
{
    uint8_t record[5 + 1024] = {
        22, 3, 1, 4, 0, 1, (uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len, 3, 3
    };
    struct slice plaintext;
    size_t fed = 0;

    while (fed < len) {
        tls_feed(server, slice_of(record, sizeof record));
        if (tls_step(server, &plaintext) == TLS_FAILED)
            break;
        fed += sizeof record - 5;
        memset(record + 5, 0, 6);
    }
    return fed;
}

TEST(tls_server_long_hello, "a ClientHello without end takes no memory without end")
{
    struct tls_context *context;
    struct tls *server;

    tls_pair_files();
    context = tls_pair_context(1, 1);
    CHECK_EQUAL(tls_open_server(&server, context), OK);
    CHECK(feed_hello(server, 10000000) < 70000);
    CHECK_TEXT(tls_failure(server), "handshake message too long");
    tls_free(&server);
    tls_context_unref(&context);
    tls_pair_remove_files();
}

static void say_sealed(struct pair *p, uint8_t kind, const void *bytes, size_t len, uint64_t number)
{
    struct sealed record;

    CHECK(seal(p->client, number, kind, slice_of(bytes, len), &record));
    tls_pair_push(p, record.bytes, record.len);
}

TEST(tls_server_long_message, "nor does a message behind the handshake")
{
    uint8_t piece[1024] = { 24, 0xff, 0xff, 0xff }; /* an update of keys of 16 MiB */
    struct tls_context *context;
    struct pair p;
    uint64_t sent = 0;

    tls_pair_files();
    context = tls_pair_context(1, 1);
    tls_pair_begin(&p, context, tls_pair_both[1], "one.test", "dot");
    CHECK_EQUAL(tls_pair_shake(&p), 0);
    say_sealed(&p, 23, "question", 8, sent++);
    CHECK_TEXT(p.said, "question");
    while (p.last != TLS_FAILED && sent < 1000) {
        say_sealed(&p, 22, piece, sizeof piece, sent++);
        memset(piece, 0, 4);
    }
    CHECK(sent < 70);
    tls_pair_end(&p);
    tls_context_unref(&context);
    tls_pair_remove_files();
}

TEST(tls_server_half_message,
     "half a message behind the handshake is refused, and nothing follows it")
{
    static const char *const halves[] = { "\1\1\1\1\1\1\1\1", "\x18\0\0\2\3", "\x18\0", "\x18" };
    static const size_t lens[] = { 8, 5, 2, 1 };
    struct tls_context *context;

    tls_pair_files();
    context = tls_pair_context(1, 1);
    for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
        struct pair p;

        tls_pair_begin(&p, context, tls_pair_both[1], "one.test", "dot");
        CHECK_EQUAL(tls_pair_shake(&p), 0);
        say_sealed(&p, 22, halves[i], lens[i], 0);
        say_sealed(&p, 22, "", 0, 1); /* GnuTLS would never come back from it */
        CHECK_EQUAL(p.last, TLS_FAILED);
        tls_pair_end(&p);
    }
    tls_context_unref(&context);
    tls_pair_remove_files();
}

TEST(tls_server_whole_messages, "empty records and new keys come between a client's words")
{
    struct tls_context *context;
    struct pair p;

    tls_pair_files();
    context = tls_pair_context(1, 1);
    tls_pair_begin(&p, context, tls_pair_both[1], "one.test", "dot");
    CHECK_EQUAL(tls_pair_shake(&p), 0);
    say_sealed(&p, 23, "", 0, 0);
    say_sealed(&p, 23, "", 0, 1);
    say_sealed(&p, 23, "ques", 4, 2);
    say_sealed(&p, 23, "", 0, 3);
    say_sealed(&p, 23, "tion", 4, 4);
    CHECK_TEXT(p.said, "question");
    tls_pair_end(&p);
    tls_pair_begin(&p, context, tls_pair_both[1], "one.test", "dot");
    CHECK_EQUAL(tls_pair_shake(&p), 0);
    for (unsigned i = 0; i < 4; i++)
        CHECK(gnutls_session_key_update(p.client, i % 2) >= 0);
    tls_pair_talk(&p);
    tls_pair_end(&p);
    tls_context_unref(&context);
    tls_pair_remove_files();
}

TEST(tls_server_key_updates, "a client that renews its keys again and again is refused")
{
    struct tls_context *context;
    struct pair p;
    unsigned updates = 0;

    tls_pair_files();
    context = tls_pair_context(1, 1);
    tls_pair_begin(&p, context, tls_pair_both[1], "one.test", "dot");
    CHECK_EQUAL(tls_pair_shake(&p), 0);
    while (updates < 1000 && p.last != TLS_FAILED && gnutls_session_key_update(p.client, 1) >= 0)
        updates++;
    CHECK(updates > 1 && updates < 100);
    CHECK(tls_output(p.server).len < 8192);
    tls_pair_end(&p);
    tls_context_unref(&context);
    tls_pair_remove_files();
}

TEST(tls_server_finished, "nor is half a message taken that stands behind the client's last one")
{
    static const char *const halves[] = { "\x18", "\x18\1", "\x18\1\1\1", "\x18\1\1\1\1" };
    struct tls_context *context;

    tls_pair_files();
    context = tls_pair_context(1, 1);
    for (size_t i = 0; i < sizeof halves / sizeof *halves; i++) {
        struct pair p;

        tls_pair_begin(&p, context, tls_pair_both[1], "one.test", "dot");
        p.appended = halves[i];
        tls_pair_shake(&p);
        CHECK(!p.appended);
        say_sealed(&p, 22, "", 0, 0);
        CHECK_EQUAL(p.last, TLS_FAILED);
        tls_pair_end(&p);
    }
    tls_context_unref(&context);
    tls_pair_remove_files();
}
