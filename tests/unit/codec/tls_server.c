#include "codec/mint.h"
#include "codec/tls.h"
#include "codec/tls_context.h"
#include "unit/codec/seal.h"
#include "unit/test.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The server's machine under test, and GnuTLS as a client. */
struct pair {
    struct tls *server;
    gnutls_session_t client;
    gnutls_certificate_credentials_t trust; /* nobody: the client asks who it is, and believes it */
    uint8_t to_client[65536];
    size_t len, taken;
    enum tls_event last;
    char said[256]; /* by the client */
};

static char files[4][64]; /* ECDSA certificate and key, RSA certificate and key */

static void write_file(char path[64], const gnutls_datum_t *bytes)
{
    int fd;

    strcpy(path, "/tmp/dotproxy-test-XXXXXX");
    fd = mkstemp(path);
    CHECK(fd >= 0);
    CHECK_EQUAL(write(fd, bytes->data, bytes->size), bytes->size);
    close(fd);
}

static void make_files(const char *name, bool is_rsa, char certificate[64], char key[64])
{
    const struct mint_settings settings = {
        .names = &name, .name_count = 1, .days = 2, .is_rsa = is_rsa
    };
    struct minted minted;
    const char *reason;

    CHECK_EQUAL(mint(&settings, &minted, &reason), OK);
    write_file(certificate, &minted.certificate);
    write_file(key, &minted.key);
    mint_done(&minted);
}

static void make_all(void)
{
    make_files("one.test", false, files[0], files[1]);
    make_files("two.test", true, files[2], files[3]);
}

static void remove_all(void)
{
    for (size_t i = 0; i < 4; i++)
        unlink(files[i]);
}

static struct tls_context *context_of(size_t count, uint8_t key)
{
    const char *certificates[] = { files[0], files[2] }, *keys[] = { files[1], files[3] };
    static const char *const alpn[] = { "dot" };
    struct tls_server_settings settings = {
        .certificates = certificates, .keys = keys, .count = count, .alpn = alpn, .alpn_count = 1
    };
    struct tls_context *context = NULL;
    char reason[TLS_REASON_MAX];

    memset(settings.ticket_key, key, sizeof settings.ticket_key);
    CHECK_EQUAL(tls_context_new_server(&context, &settings, reason), OK);
    return context;
}

static ssize_t push(gnutls_transport_ptr_t arg, const void *bytes, size_t len)
{
    struct pair *p = arg;
    struct slice plaintext;

    tls_feed(p->server, slice_of(bytes, len));
    while ((p->last = tls_step(p->server, &plaintext)) == TLS_READY || p->last == TLS_DATA)
        if (p->last == TLS_DATA)
            strncat(p->said, (const char *)plaintext.data, plaintext.len);
    return (ssize_t)len;
}

static ssize_t pull(gnutls_transport_ptr_t arg, void *room, size_t size)
{
    struct pair *p = arg;
    struct slice output = tls_output(p->server);
    size_t len = output.len < size ? output.len : size;

    if (len == 0) {
        gnutls_transport_set_errno(p->client, EAGAIN);
        return -1;
    }
    memcpy(room, output.data, len);
    tls_output_sent(p->server, len);
    return (ssize_t)len;
}

static void begin(struct pair *p, struct tls_context *context, const char *priority,
                  const char *name, const char *alpn)
{
    gnutls_datum_t protocol = { (uint8_t *)(uintptr_t)alpn, (unsigned)strlen(alpn) };

    *p = (struct pair){ 0 };
    CHECK_EQUAL(tls_open_server(&p->server, context), OK);
    CHECK(gnutls_init(&p->client, GNUTLS_CLIENT | GNUTLS_NONBLOCK) >= 0);
    CHECK(gnutls_priority_set_direct(p->client, priority, NULL) >= 0);
    CHECK(gnutls_certificate_allocate_credentials(&p->trust) >= 0);
    gnutls_credentials_set(p->client, GNUTLS_CRD_CERTIFICATE, p->trust);
    if (name[0])
        gnutls_server_name_set(p->client, GNUTLS_NAME_DNS, name, strlen(name));
    if (alpn[0])
        gnutls_alpn_set_protocols(p->client, &protocol, 1, 0);
    gnutls_transport_set_ptr(p->client, p);
    gnutls_transport_set_push_function(p->client, push);
    gnutls_transport_set_pull_function(p->client, pull);
}

static void end(struct pair *p)
{
    gnutls_deinit(p->client);
    gnutls_certificate_free_credentials(p->trust);
    tls_free(&p->server);
}

static int shake(struct pair *p)
{
    int ret;

    for (unsigned i = 0; i < 20; i++) {
        ret = gnutls_handshake(p->client);
        if (ret != GNUTLS_E_AGAIN)
            return ret;
    }
    return ret;
}

static void check_talk(struct pair *p)
{
    char heard[32] = "";

    CHECK_EQUAL(gnutls_record_send(p->client, "question", 8), 8);
    CHECK_TEXT(p->said, "question");
    CHECK_EQUAL(tls_send(p->server, slice_of("response", 8)), OK);
    for (unsigned i = 0; i < 4 && !heard[0]; i++)
        gnutls_record_recv(p->client, heard, sizeof heard);
    CHECK_TEXT(heard, "response");
    CHECK_EQUAL(tls_held(p->server), 0);
}

static const char *const both[] = { "NORMAL:-VERS-ALL:+VERS-TLS1.2",
                                    "NORMAL:-VERS-ALL:+VERS-TLS1.3" };

TEST(tls_server_good, "a client shakes hands and talks, in TLS 1.2 and 1.3")
{
    struct tls_context *context;

    make_all();
    context = context_of(1, 1);
    for (size_t i = 0; i < 2; i++) {
        struct pair p;

        begin(&p, context, both[i], "one.test", "dot");
        CHECK_EQUAL(shake(&p), 0);
        check_talk(&p);
        CHECK(slice_equal(tls_alpn(p.server), slice_of("dot", 3)));
        end(&p);
    }
    CHECK(tls_context_expires_s(context) > time(NULL) + 86400);
    tls_context_unref(&context);
    remove_all();
}

TEST(tls_server_outlives, "a session goes on when its context was replaced")
{
    struct tls_context *context;
    struct pair p;

    make_all();
    context = context_of(1, 1);
    begin(&p, context, both[1], "one.test", "");
    tls_context_unref(&context);
    CHECK_EQUAL(shake(&p), 0);
    check_talk(&p);
    CHECK_EQUAL(tls_alpn(p.server).len, 0);
    end(&p);
    remove_all();
}

static bool shows(struct pair *p, const char *name)
{
    const gnutls_datum_t *raw = gnutls_certificate_get_peers(p->client, NULL);
    gnutls_x509_crt_t certificate;
    bool is_named;

    CHECK(raw);
    CHECK(gnutls_x509_crt_init(&certificate) >= 0);
    CHECK(gnutls_x509_crt_import(certificate, raw, GNUTLS_X509_FMT_DER) >= 0);
    is_named = gnutls_x509_crt_check_hostname(certificate, name);
    gnutls_x509_crt_deinit(certificate);
    return is_named;
}

TEST(tls_server_names, "the client gets the certificate of the name it asks for, or the first")
{
    static const char *const wishes[][2] = { { "one.test", "one.test" },
                                             { "two.test", "two.test" },
                                             { "other.test", "one.test" },
                                             { "", "one.test" } };
    struct tls_context *context;

    make_all();
    context = context_of(2, 1);
    for (size_t i = 0; i < 8; i++) {
        struct pair p;

        begin(&p, context, both[i / 4], wishes[i % 4][0], "dot");
        CHECK_EQUAL(shake(&p), 0);
        CHECK(shows(&p, wishes[i % 4][1]));
        end(&p);
    }
    tls_context_unref(&context);
    remove_all();
}

TEST(tls_server_kinds, "a client that can verify one kind of key gets a certificate of that kind")
{
    static const char *const wishes[][2] = {
        { "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+ECDHE-RSA", "two.test" },
        { "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+ECDHE-ECDSA", "one.test" },
        { "NORMAL:-VERS-ALL:+VERS-TLS1.2:-SIGN-ALL:+SIGN-RSA-SHA256", "two.test" },
        { "NORMAL:-VERS-ALL:+VERS-TLS1.3:-SIGN-ALL:+SIGN-RSA-PSS-RSAE-SHA256", "two.test" },
        { "NORMAL:-VERS-ALL:+VERS-TLS1.3:-SIGN-ALL:+SIGN-ECDSA-SECP256R1-SHA256", "one.test" },
        { "NORMAL:-KX-ALL:+ECDHE-RSA", "one.test" },
    };
    struct tls_context *context;

    make_all();
    context = context_of(2, 1);
    for (size_t i = 0; i < sizeof wishes / sizeof *wishes; i++) {
        struct pair p;

        begin(&p, context, wishes[i][0], "", "dot");
        CHECK_EQUAL(shake(&p), 0);
        CHECK(shows(&p, wishes[i][1]));
        end(&p);
    }
    tls_context_unref(&context);
    remove_all();
}

static void resume(struct tls_context *first, struct tls_context *second, const char *priority,
                   bool is_resumed)
{
    gnutls_datum_t data = { 0 };
    struct pair p;

    begin(&p, first, priority, "one.test", "dot");
    CHECK_EQUAL(shake(&p), 0);
    check_talk(&p);
    CHECK(!tls_was_resumed(p.server));
    CHECK(gnutls_session_get_data2(p.client, &data) >= 0);
    end(&p);
    begin(&p, second, priority, "one.test", "dot");
    gnutls_session_set_data(p.client, data.data, data.size);
    CHECK_EQUAL(shake(&p), 0);
    check_talk(&p);
    CHECK_EQUAL(tls_was_resumed(p.server), is_resumed);
    end(&p);
    gnutls_free(data.data);
}

TEST(tls_server_resumes, "a session is resumed wherever the ticket key is the same, and only there")
{
    struct tls_context *context, *same, *other;

    make_all();
    context = context_of(1, 1);
    same = context_of(1, 1);
    other = context_of(1, 2);
    for (size_t v = 0; v < 2; v++) {
        resume(context, same, both[v], true);
        resume(context, other, both[v], false);
    }
    tls_context_unref(&context);
    tls_context_unref(&same);
    tls_context_unref(&other);
    remove_all();
}

TEST(tls_server_only_resumes, "who resumes a session is let in where nobody else is")
{
    struct tls_context *context;

    make_all();
    context = context_of(2, 1);
    for (size_t v = 0; v < 2; v++) {
        gnutls_datum_t data = { 0 };
        struct pair p;

        begin(&p, context, both[v], "two.test", "dot");
        CHECK_EQUAL(shake(&p), 0);
        check_talk(&p);
        CHECK(gnutls_session_get_data2(p.client, &data) >= 0);
        end(&p);
        begin(&p, context, both[v], "two.test", "dot");
        tls_only_resume(p.server);
        CHECK_EQUAL(shake(&p), GNUTLS_E_FATAL_ALERT_RECEIVED);
        CHECK_EQUAL(gnutls_alert_get(p.client), GNUTLS_A_INTERNAL_ERROR);
        CHECK(p.last == TLS_FAILED && tls_has_refused(p.server));
        CHECK_TEXT(tls_failure(p.server), "too much to do: only resumed sessions are taken");
        end(&p);
        begin(&p, context, both[v], "two.test", "dot");
        gnutls_session_set_data(p.client, data.data, data.size);
        tls_only_resume(p.server);
        CHECK_EQUAL(shake(&p), 0);
        CHECK(!tls_has_refused(p.server) && tls_was_resumed(p.server));
        check_talk(&p);
        end(&p);
        gnutls_free(data.data);
    }
    tls_context_unref(&context);
    remove_all();
}

TEST(tls_server_refuses, "old versions, weak suites and other protocols are refused with an alert")
{
    static const struct {
        const char *priority, *alpn;
    } wrong[] = {
        { "NORMAL:-VERS-ALL:+VERS-TLS1.1", "dot" },
        { "NORMAL:-VERS-ALL:+VERS-TLS1.2:-AEAD:+SHA1", "dot" },
        { "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+RSA", "dot" },
        { "NORMAL", "h2" },
    };
    struct tls_context *context;

    make_all();
    context = context_of(2, 1);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct pair p;

        begin(&p, context, wrong[i].priority, "two.test", wrong[i].alpn);
        CHECK_EQUAL(shake(&p), GNUTLS_E_FATAL_ALERT_RECEIVED);
        CHECK_EQUAL(p.last, TLS_FAILED);
        CHECK(tls_failure(p.server)[0] != '\0');
        CHECK_EQUAL(tls_send(p.server, slice_of("x", 1)), ERR_CLOSED);
        end(&p);
    }
    tls_context_unref(&context);
    remove_all();
}

TEST(tls_server_files, "files that make no pair are refused, and named")
{
    const char *certificate = files[0], *key = files[3];
    struct tls_server_settings settings = { .certificates = &certificate,
                                            .keys = &key,
                                            .count = 1 };
    struct tls_context *context = NULL;
    char reason[TLS_REASON_MAX];

    make_all();
    CHECK_EQUAL(tls_context_new_server(&context, &settings, reason), ERR_MALFORMED);
    CHECK(strstr(reason, key));
    certificate = "/does/not/exist.pem";
    CHECK_EQUAL(tls_context_new_server(&context, &settings, reason), ERR_NOTFOUND);
    CHECK(strstr(reason, certificate) && strstr(reason, "No such file"));
    certificate = files[1];
    CHECK_EQUAL(tls_context_new_server(&context, &settings, reason), ERR_MALFORMED);
    CHECK(!context);
    remove_all();
}

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

    make_all();
    context = context_of(1, 1);
    CHECK_EQUAL(tls_open_server(&server, context), OK);
    CHECK(feed_hello(server, 10000000) < 70000);
    CHECK_TEXT(tls_failure(server), "handshake message too long");
    tls_free(&server);
    tls_context_unref(&context);
    remove_all();
}

static void say_sealed(struct pair *p, uint8_t kind, const void *bytes, size_t len, uint64_t number)
{
    struct sealed record;

    CHECK(seal(p->client, number, kind, slice_of(bytes, len), &record));
    push(p, record.bytes, record.len);
}

TEST(tls_server_long_message, "nor does a message behind the handshake")
{
    uint8_t piece[1024] = { 24, 0xff, 0xff, 0xff }; /* an update of keys of 16 MiB */
    struct tls_context *context;
    struct pair p;
    uint64_t sent = 0;

    make_all();
    context = context_of(1, 1);
    begin(&p, context, both[1], "one.test", "dot");
    CHECK_EQUAL(shake(&p), 0);
    say_sealed(&p, 23, "question", 8, sent++);
    CHECK_TEXT(p.said, "question");
    while (p.last != TLS_FAILED && sent < 1000) {
        say_sealed(&p, 22, piece, sizeof piece, sent++);
        memset(piece, 0, 4);
    }
    CHECK(sent < 70);
    end(&p);
    tls_context_unref(&context);
    remove_all();
}

TEST(tls_server_half_message,
     "half a message behind the handshake is refused, and nothing follows it")
{
    static const char *const halves[] = { "\1\1\1\1\1\1\1\1", "\x18\0\0\2\3", "\x18\0", "\x18" };
    static const size_t lens[] = { 8, 5, 2, 1 };
    struct tls_context *context;

    make_all();
    context = context_of(1, 1);
    for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
        struct pair p;

        begin(&p, context, both[1], "one.test", "dot");
        CHECK_EQUAL(shake(&p), 0);
        say_sealed(&p, 22, halves[i], lens[i], 0);
        say_sealed(&p, 22, "", 0, 1); /* GnuTLS would never come back from it */
        CHECK_EQUAL(p.last, TLS_FAILED);
        end(&p);
    }
    tls_context_unref(&context);
    remove_all();
}

TEST(tls_server_whole_messages, "empty records and new keys come between a client's words")
{
    struct tls_context *context;
    struct pair p;

    make_all();
    context = context_of(1, 1);
    begin(&p, context, both[1], "one.test", "dot");
    CHECK_EQUAL(shake(&p), 0);
    say_sealed(&p, 23, "", 0, 0);
    say_sealed(&p, 23, "", 0, 1);
    say_sealed(&p, 23, "ques", 4, 2);
    say_sealed(&p, 23, "", 0, 3);
    say_sealed(&p, 23, "tion", 4, 4);
    CHECK_TEXT(p.said, "question");
    end(&p);
    begin(&p, context, both[1], "one.test", "dot");
    CHECK_EQUAL(shake(&p), 0);
    for (unsigned i = 0; i < 4; i++)
        CHECK(gnutls_session_key_update(p.client, i % 2) >= 0);
    check_talk(&p);
    end(&p);
    tls_context_unref(&context);
    remove_all();
}

TEST(tls_server_key_updates, "a client that renews its keys again and again is refused")
{
    struct tls_context *context;
    struct pair p;
    unsigned updates = 0;

    make_all();
    context = context_of(1, 1);
    begin(&p, context, both[1], "one.test", "dot");
    CHECK_EQUAL(shake(&p), 0);
    while (updates < 1000 && p.last != TLS_FAILED && gnutls_session_key_update(p.client, 1) >= 0)
        updates++;
    CHECK(updates > 1 && updates < 100);
    CHECK(tls_output(p.server).len < 8192);
    end(&p);
    tls_context_unref(&context);
    remove_all();
}
