/* tests/fuzz/codec_tls_server.c - bytes from a client that is no friend, fed to a server's session.
 *
 * The first byte is the size of the pieces in which the rest arrives. When it is 255 the rest comes
 * behind a handshake: kind and length of a record, what is to be sealed in it, and the next. When
 * it is 254 a client of TLS 1.3 shakes hands, when it is 253 one of TLS 1.2, and the rest spoils
 * what it sends: for each of its writes the number of changes, and for each change two bytes of
 * place and one that is added.
 */
#include "codec/mint.h"
#include "codec/tls.h"
#include "codec/tls_context.h"
#include "unit/codec/seal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { SPOILT_12 = 253, SPOILT_13 = 254, BEHIND_HANDSHAKE = 255 };

static struct tls_context *context;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_file(char path[32], const gnutls_datum_t *bytes)
{
    int fd = mkstemp(path);

    if (fd < 0 || write(fd, bytes->data, bytes->size) != (ssize_t)bytes->size)
        abort();
    close(fd);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const char *const names[] = { "dns.example" }, *const alpn[] = { "dot" };
    const struct mint_settings wishes = { .names = names, .name_count = 1, .days = 1 };
    char certificate[32] = "/tmp/dotproxy-fuzz-XXXXXX", key[32] = "/tmp/dotproxy-fuzz-XXXXXX";
    /* two, so that one has to be chosen */
    const char *const certificates[] = { certificate, certificate }, *const keys[] = { key, key };
    const struct tls_server_settings settings = { .certificates = certificates,
                                                  .keys = keys,
                                                  .count = 2,
                                                  .alpn = alpn,
                                                  .alpn_count = 1,
                                                  .ticket_key = { 1 } };
    char reason[TLS_REASON_MAX];
    const char *why;
    struct minted minted;

    (void)argc;
    (void)argv;
    if (mint(&wishes, &minted, &why) != OK)
        abort();
    write_file(certificate, &minted.certificate);
    write_file(key, &minted.key);
    mint_done(&minted);
    if (tls_context_new_server(&context, &settings, reason) != OK)
        abort();
    unlink(certificate);
    unlink(key);
    return 0;
}

/* Takes all events of one piece; false when the session is over. */
static bool feed(struct tls *t, struct slice piece)
{
    uint8_t *copy = malloc(piece.len + 1);
    struct slice plaintext;
    enum tls_event event;

    memcpy(copy, piece.data, piece.len);
    tls_feed(t, slice_of(copy, piece.len));
    do
        event = tls_step(t, &plaintext);
    while (event == TLS_READY || event == TLS_DATA);
    free(copy);
    if (event == TLS_FAILED && (tls_error(t) == OK || tls_failure(t)[0] == '\0'))
        abort();
    tls_output_sent(t, tls_output(t).len);
    return event == TLS_WANTS_INPUT;
}

/* A server's session, and what spoils its client's words. */
struct line {
    struct tls *server;
    struct slice changes;
};

static void spoil(struct line *line, uint8_t *bytes, size_t len)
{
    size_t count = line->changes.len > 0 ? line->changes.data[0] % 4 : 0;

    line->changes = slice_after(line->changes, line->changes.len > 0);
    for (; count > 0 && line->changes.len >= 3; count--) {
        size_t place = (size_t)line->changes.data[0] << 8 | line->changes.data[1];

        if (len > 0)
            bytes[place % len] += line->changes.data[2];
        line->changes = slice_after(line->changes, 3);
    }
}

static ssize_t push(gnutls_transport_ptr_t arg, const void *bytes, size_t len)
{
    struct line *line = arg;
    uint8_t *copy = malloc(len + 1);
    struct slice plaintext;
    enum tls_event event;

    memcpy(copy, bytes, len);
    spoil(line, copy, len);
    tls_feed(line->server, slice_of(copy, len));
    do
        event = tls_step(line->server, &plaintext);
    while (event == TLS_READY || event == TLS_DATA);
    free(copy);
    return (ssize_t)len;
}

static ssize_t pull(gnutls_transport_ptr_t arg, void *room, size_t size)
{
    const struct line *line = arg;
    struct slice output = tls_output(line->server);
    size_t len = output.len < size ? output.len : size;

    if (len == 0) {
        errno = EAGAIN;
        return -1;
    }
    memcpy(room, output.data, len);
    tls_output_sent(line->server, len);
    return (ssize_t)len;
}

static int pull_timeout(gnutls_transport_ptr_t line, unsigned ms)
{
    (void)ms;
    return tls_output(((const struct line *)line)->server).len > 0;
}

static gnutls_session_t shake_hands(struct line *line, gnutls_certificate_credentials_t trust,
                                    const char *versions)
{
    gnutls_session_t client;
    int ret = GNUTLS_E_AGAIN;

    if (gnutls_init(&client, GNUTLS_CLIENT | GNUTLS_NONBLOCK) < 0)
        abort();
    gnutls_priority_set_direct(client, versions, NULL);
    gnutls_credentials_set(client, GNUTLS_CRD_CERTIFICATE, trust);
    gnutls_transport_set_ptr(client, line);
    gnutls_transport_set_push_function(client, push);
    gnutls_transport_set_pull_function(client, pull);
    gnutls_transport_set_pull_timeout_function(client, pull_timeout);
    for (unsigned i = 0; i < 20 && ret < 0 && !gnutls_error_is_fatal(ret); i++)
        ret = gnutls_handshake(client);
    return client;
}

static void say_sealed(struct tls *t, gnutls_session_t client, struct slice input)
{
    struct sealed record;
    uint64_t number = 0;
    bool goes_on = true;

    while (goes_on && input.len >= 2) {
        size_t len = input.data[1] < input.len - 2 ? input.data[1] : input.len - 2;

        if (!seal(client, number++, input.data[0], slice_of(input.data + 2, len), &record))
            abort();
        input = slice_after(input, 2 + len);
        goes_on = feed(t, slice_of(record.bytes, record.len));
    }
}

static void be_a_client(struct tls *t, uint8_t how, struct slice input)
{
    struct line line = { .server = t };
    gnutls_certificate_credentials_t trust;
    gnutls_session_t client;

    if (gnutls_certificate_allocate_credentials(&trust) < 0)
        abort();
    if (how != BEHIND_HANDSHAKE)
        line.changes = input;
    client = shake_hands(&line, trust,
                         how == SPOILT_12 ? "NORMAL:-VERS-ALL:+VERS-TLS1.2"
                                          : "NORMAL:-VERS-ALL:+VERS-TLS1.3");
    if (how == BEHIND_HANDSHAKE)
        say_sealed(t, client, input);
    else
        gnutls_record_send(client, "question", 8);
    gnutls_deinit(client);
    gnutls_certificate_free_credentials(trust);
}

static void feed_pieces(struct tls *t, struct slice stream, size_t piece)
{
    while (stream.len > 0 &&
           feed(t, slice_of(stream.data, piece < stream.len ? piece : stream.len)))
        stream = slice_after(stream, piece);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice stream = slice_of(data, size);
    struct tls *t;

    if (size < 2 || tls_open_server(&t, context) != OK)
        return 0;
    if (data[0] >= SPOILT_12)
        be_a_client(t, data[0], slice_after(stream, 1));
    else
        feed_pieces(t, slice_after(stream, 1), (size_t)data[0] + 1);
    tls_send(t, slice_of("x", 1));
    tls_shutdown(t);
    tls_free(&t);
    return 0;
}
