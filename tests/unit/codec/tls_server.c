#include "codec/mint.h"
#include "codec/tls.h"
#include "codec/tls_context.h"
#include "unit/codec/tls_pair.h"
#include "unit/test.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

TEST(tls_server_good, "a client shakes hands and talks, in TLS 1.2 and 1.3")
{
    struct tls_context *context;

    tls_pair_files();
    context = tls_pair_context(1, 1);
    for (size_t i = 0; i < 2; i++) {
        struct pair p;

        tls_pair_begin(&p, context, tls_pair_both[i], "one.test", "dot");
        CHECK_EQUAL(tls_pair_shake(&p), 0);
        tls_pair_talk(&p);
        CHECK(slice_equal(tls_alpn(p.server), slice_of("dot", 3)));
        tls_pair_end(&p);
    }
    CHECK(tls_context_expires_s(context) > time(NULL) + 86400);
    tls_context_unref(&context);
    tls_pair_remove_files();
}

TEST(tls_server_outlives, "a session goes on when its context was replaced")
{
    struct tls_context *context;
    struct pair p;

    tls_pair_files();
    context = tls_pair_context(1, 1);
    tls_pair_begin(&p, context, tls_pair_both[1], "one.test", "");
    tls_context_unref(&context);
    CHECK_EQUAL(tls_pair_shake(&p), 0);
    tls_pair_talk(&p);
    CHECK_EQUAL(tls_alpn(p.server).len, 0);
    tls_pair_end(&p);
    tls_pair_remove_files();
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

    tls_pair_files();
    context = tls_pair_context(2, 1);
    for (size_t i = 0; i < 8; i++) {
        struct pair p;

        tls_pair_begin(&p, context, tls_pair_both[i / 4], wishes[i % 4][0], "dot");
        CHECK_EQUAL(tls_pair_shake(&p), 0);
        CHECK(shows(&p, wishes[i % 4][1]));
        tls_pair_end(&p);
    }
    tls_context_unref(&context);
    tls_pair_remove_files();
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

    tls_pair_files();
    context = tls_pair_context(2, 1);
    for (size_t i = 0; i < sizeof wishes / sizeof *wishes; i++) {
        struct pair p;

        tls_pair_begin(&p, context, wishes[i][0], "", "dot");
        CHECK_EQUAL(tls_pair_shake(&p), 0);
        CHECK(shows(&p, wishes[i][1]));
        tls_pair_end(&p);
    }
    tls_context_unref(&context);
    tls_pair_remove_files();
}

static void resume(struct tls_context *first, struct tls_context *second, const char *priority,
                   bool is_resumed)
{
    gnutls_datum_t data = { 0 };
    struct pair p;

    tls_pair_begin(&p, first, priority, "one.test", "dot");
    CHECK_EQUAL(tls_pair_shake(&p), 0);
    tls_pair_talk(&p);
    CHECK(!tls_was_resumed(p.server));
    CHECK(gnutls_session_get_data2(p.client, &data) >= 0);
    tls_pair_end(&p);
    tls_pair_begin(&p, second, priority, "one.test", "dot");
    gnutls_session_set_data(p.client, data.data, data.size);
    CHECK_EQUAL(tls_pair_shake(&p), 0);
    tls_pair_talk(&p);
    CHECK_EQUAL(tls_was_resumed(p.server), is_resumed);
    tls_pair_end(&p);
    gnutls_free(data.data);
}

TEST(tls_server_resumes, "a session is resumed wherever the ticket key is the same, and only there")
{
    struct tls_context *context, *same, *other;

    tls_pair_files();
    context = tls_pair_context(1, 1);
    same = tls_pair_context(1, 1);
    other = tls_pair_context(1, 2);
    for (size_t v = 0; v < 2; v++) {
        resume(context, same, tls_pair_both[v], true);
        resume(context, other, tls_pair_both[v], false);
    }
    tls_context_unref(&context);
    tls_context_unref(&same);
    tls_context_unref(&other);
    tls_pair_remove_files();
}

TEST(tls_server_only_resumes, "who resumes a session is let in where nobody else is")
{
    struct tls_context *context;

    tls_pair_files();
    context = tls_pair_context(2, 1);
    for (size_t v = 0; v < 2; v++) {
        gnutls_datum_t data = { 0 };
        struct pair p;

        tls_pair_begin(&p, context, tls_pair_both[v], "two.test", "dot");
        CHECK_EQUAL(tls_pair_shake(&p), 0);
        tls_pair_talk(&p);
        CHECK(gnutls_session_get_data2(p.client, &data) >= 0);
        tls_pair_end(&p);
        tls_pair_begin(&p, context, tls_pair_both[v], "two.test", "dot");
        tls_only_resume(p.server);
        CHECK_EQUAL(tls_pair_shake(&p), GNUTLS_E_FATAL_ALERT_RECEIVED);
        CHECK_EQUAL(gnutls_alert_get(p.client), GNUTLS_A_INTERNAL_ERROR);
        CHECK(p.last == TLS_FAILED && tls_has_refused(p.server));
        CHECK_TEXT(tls_failure(p.server), "too much to do: only resumed sessions are taken");
        tls_pair_end(&p);
        tls_pair_begin(&p, context, tls_pair_both[v], "two.test", "dot");
        gnutls_session_set_data(p.client, data.data, data.size);
        tls_only_resume(p.server);
        CHECK_EQUAL(tls_pair_shake(&p), 0);
        CHECK(!tls_has_refused(p.server) && tls_was_resumed(p.server));
        tls_pair_talk(&p);
        tls_pair_end(&p);
        gnutls_free(data.data);
    }
    tls_context_unref(&context);
    tls_pair_remove_files();
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

    tls_pair_files();
    context = tls_pair_context(2, 1);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct pair p;

        tls_pair_begin(&p, context, wrong[i].priority, "two.test", wrong[i].alpn);
        CHECK_EQUAL(tls_pair_shake(&p), GNUTLS_E_FATAL_ALERT_RECEIVED);
        CHECK_EQUAL(p.last, TLS_FAILED);
        CHECK(tls_failure(p.server)[0] != '\0');
        CHECK_EQUAL(tls_send(p.server, slice_of("x", 1)), ERR_CLOSED);
        tls_pair_end(&p);
    }
    tls_context_unref(&context);
    tls_pair_remove_files();
}

TEST(tls_server_files, "files that make no pair are refused, and named")
{
    const char *certificate = tls_pair_paths[0], *key = tls_pair_paths[3];
    struct tls_server_settings settings = { .certificates = &certificate,
                                            .keys = &key,
                                            .count = 1 };
    struct tls_context *context = NULL;
    char reason[TLS_REASON_MAX];

    tls_pair_files();
    CHECK_EQUAL(tls_context_new_server(&context, &settings, reason), ERR_MALFORMED);
    CHECK(strstr(reason, key));
    certificate = "/does/not/exist.pem";
    CHECK_EQUAL(tls_context_new_server(&context, &settings, reason), ERR_NOTFOUND);
    CHECK(strstr(reason, certificate) && strstr(reason, "No such file"));
    certificate = tls_pair_paths[1];
    CHECK_EQUAL(tls_context_new_server(&context, &settings, reason), ERR_MALFORMED);
    CHECK(!context);
    tls_pair_remove_files();
}
